/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migpop report: a record shown again, or summed another way. It must not know how one is made. */
#ifndef MIGPOP_CMD_REPORT_H
#define MIGPOP_CMD_REPORT_H

/* argv[0] is the command's name; the exit status. Ignores SIGPIPE from here on. */
int cmd_report(int argc, char **argv);

#endif
