# SPDX-License-Identifier: GPL-2.0-or-later
# What gdb is to be told before record_stack.py.
set pagination off
set debuginfod enabled off
set backtrace past-main on
set backtrace past-entry on
set breakpoint pending on
handle SIGUSR1 SIGUSR2 SIGSEGV nostop noprint pass
