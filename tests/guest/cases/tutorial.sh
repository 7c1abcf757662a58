# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The tutorial works as it stands.
"$HERE/page" "$(dirname "$(dirname "$HERE")")/docs/tutorial.md"
