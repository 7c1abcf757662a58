# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# The whole way: spec, model, driver, program; two devices do not disturb each other.
status 0 "$ERSATZ" run my_rng my_rng,algorithm=philox -- sh -c \
	'my_rng --seed 0x42 && lspci -nn -k -d 1234:cafe'
[ "$(grep -c 'number 0: 286129175' out)" = 2 ]
[ "$(grep -c '\[1234:cafe\] (rev 10)' out)" = 2 ]
[ "$(grep -c 'Kernel driver in use: my_rng' out)" = 2 ]
clean
