/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small client of QEMU's monitor protocol (QMP) over a UNIX socket: enough to follow and to
 * control a migration. It knows nothing of tracing.
 *
 * All functions return 0 or a negative errno. None of them prints or raises SIGPIPE, and none waits
 * longer than the deadline given to qmp__open(). A connection belongs to one thread at a time.
 */
#ifndef MIGPOP_QEMU_QMP_H
#define MIGPOP_QEMU_QMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

struct qmp;

/*
 * Connects to the monitor at "path", reads its greeting and leaves negotiation mode. "timeout_ms"
 * (milliseconds, > 0) bounds this call as a whole, and each later call on the connection.
 *
 * On success the caller owns *out: release it with qmp__close(). On failure *out is NULL.
 * -ENOENT, -ECONNREFUSED, -EACCES: nobody listens there
 * -ENAMETOOLONG: "path" does not fit into a socket address
 * -EBUSY: connected, but no greeting came within a second, and another client is connected: a
 *         monitor serves one client at a time
 * -ETIMEDOUT: connected, but no greeting came, and no other client can be seen
 * -EPROTO: the peer does not speak QMP
 * -ECONNRESET: QEMU ended meanwhile
 */
int qmp__open(struct qmp **out, const char *path, int timeout_ms);

/*
 * Runs a command and waits for its reply. Events that arrive before the reply go to the handler of
 * qmp__on_event(). "arguments" is borrowed and may be NULL. "ret" may be NULL; on success *ret is
 * the "return" member of the reply, which the caller releases with json_object_put(); on failure it
 * is NULL.
 * -EOPNOTSUPP: this QEMU has no such command
 * -EREMOTEIO: QEMU refused the command: qmp__error() has its message
 * -ETIMEDOUT: no reply in time. The connection can still be used: a late reply is recognised by its
 *             id and skipped.
 * -ECONNRESET, -EPIPE: QEMU ended; every later call fails at once in the same way
 * -EPROTO, -EMSGSIZE: the reply cannot be parsed, or is larger than 64 MiB; the connection cannot
 *                     be used any more
 */
int qmp__execute(struct qmp *qmp, const char *command, json_object *arguments, json_object **ret);

/*
 * Stores the state of the migration that this QEMU sends or receives, as query-migrate names it:
 * "setup", "active", "completed", "failed", "cancelled", "device", "pre-switchover",
 * "postcopy-active", …, or "none" if there was no migration. "status" has room for "size" bytes,
 * and is always terminated. -ENOSPC if the name does not fit; other errors as qmp__execute().
 */
int qmp__migration_status(struct qmp *qmp, char *status, size_t size);

/*
 * Returns the descriptor for poll(), which belongs to the connection. If it is readable, events
 * have arrived or QEMU has ended: call qmp__drain(), or it stays readable.
 */
int qmp__fd(const struct qmp *qmp);

/* An event handler. "name" is the event's name, "data" its data or NULL, and "wall_us" QEMU's time
 * of it, in microseconds of wall-clock time. From qmp__on_event() on it is called with each event,
 * while other functions of the connection run; it must not call any of them. */
typedef void qmp_event_fn(const char *name, json_object *data, int64_t wall_us, void *opaque);
void qmp__on_event(struct qmp *qmp, qmp_event_fn *event, void *opaque);

/* Returns the id of the process at the other end; 0 if it is not known. It is the process that
 * began to listen: if libvirt listens for QEMU, it is libvirt. */
pid_t qmp__peer(const struct qmp *qmp);

/* Takes in what has arrived, without waiting: passes events to the handler and drops the rest.
 * -ECONNRESET if QEMU has ended. */
int qmp__drain(struct qmp *qmp);

/* What the last failed call tried, and why it failed. Never NULL; valid until the next call. */
const char *qmp__error(const struct qmp *qmp);

/* Disconnects and frees the connection. NULL is allowed. */
void qmp__close(struct qmp *qmp);

#endif
