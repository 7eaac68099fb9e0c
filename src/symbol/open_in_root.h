/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens a path as a process with another root directory would see it. It does not use openat2(),
 * because systemd answers ENOSYS to openat2() in every unit with RestrictSUIDSGID=, which
 * DynamicUser= implies (seccomp-util.c).
 */
#ifndef MIGPOP_SYMBOL_OPEN_IN_ROOT_H
#define MIGPOP_SYMBOL_OPEN_IN_ROOT_H

/*
 * Returns a descriptor (O_PATH) of "path" below the directory "root", for the caller to close, or a
 * negative errno. Symbolic links, also absolute ones, and ".." never lead above "root", whatever
 * others rename meanwhile, as with openat2() and RESOLVE_IN_ROOT. -ELOOP: more than 40 links.
 * -ENAMETOOLONG: more than 64 directories deep, or longer than PATH_MAX with the targets of its
 * links.
 */
int open_in_root(const char *root, const char *path);

/* Opens a regular file for reading. Nothing else is opened, because opening a device can have
 * effects. If "root" is not NULL, "path" is followed as by open_in_root(). Returns a descriptor for
 * the caller to close, or a negative errno: -EINVAL if it is no regular file. */
int open_regular(const char *root, const char *path);

#endif
