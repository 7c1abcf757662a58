# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The paper's session works as it stands.
"$HERE/page" "$(dirname "$(dirname "$HERE")")/docs/newdev-session.md"
clean
