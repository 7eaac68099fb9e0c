/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens a path as a process with another root directory would see it, without openat2(): systemd
 * answers ENOSYS to openat2() in every unit with RestrictSUIDSGID=, which DynamicUser= implies
 * (seccomp-util.c).
 */
#ifndef MIGPOP_SYMBOL_OPEN_IN_ROOT_H
#define MIGPOP_SYMBOL_OPEN_IN_ROOT_H

/*
 * A descriptor (O_PATH) of "path" below the directory "root", or a negative errno. Symbolic links,
 * also absolute ones and "..", lead nowhere above "root", whatever others rename meanwhile: as by
 * openat2() with RESOLVE_IN_ROOT. -ELOOP: more than 40 links. -ENAMETOOLONG: more than 64
 * directories deep, or longer than PATH_MAX with its links. The descriptor is the caller's.
 */
int open_in_root(const char *root, const char *path);

#endif
