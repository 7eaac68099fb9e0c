/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket at which the service listens. It must not know what is said there.
 */
#ifndef MIGPOP_SERVE_LISTEN_H
#define MIGPOP_SERVE_LISTEN_H

/* Listens at "address", ADDR:PORT or [ADDR]:PORT for IPv6. Returns a descriptor that does not
 * block; -EINVAL if "address" is not an address; or another negative errno. */
int listen__open(const char *address);

#endif
