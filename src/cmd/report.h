/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migpop report: shows a record again, or sums it up another way. It must not know how a record is
 * made. */
#ifndef MIGPOP_CMD_REPORT_H
#define MIGPOP_CMD_REPORT_H

/* Runs the command and returns the exit status. argv[0] is the command's name. SIGPIPE is ignored
 * from here on. */
int cmd_report(int argc, char **argv);

#endif
