// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns QEMU's migration over to libmigfix, by way of ram-migfix.h. README.md says what changes and why
// it is safe.
//
//   spatch --sp-file migfix.cocci --no-includes --in-place FILE     for one file after the other
//
// The name of a function is always part of the match: buffer_is_zero() serves the block layer, too.

// The handle of a region, in the block that it is for.
@ramblock@
@@
 struct RAMBlock {
+	struct ram_migfix *migfix;
 	...
 };

// Destination: a region lives as long as the bitmap of received pages.
@opened@
expression rb, pages;
@@
 rb->receivedmap = bitmap_new(pages);
+ram_migfix_open_incoming(rb);

@closed@
expression rb;
@@
+ram_migfix_close(rb);
 g_free(rb->receivedmap);
 rb->receivedmap = NULL;

// Source: as long as the dirty bitmap. COLO has one on the destination, from another function.
@opened_outgoing@
identifier f =~ "^ram_list_init_bitmaps$";
expression rb, pages;
@@
 f(...)
 {
 <...
 rb->bmap = bitmap_new(pages);
+ram_migfix_open_outgoing(rb);
 ...>
 }

@closed_outgoing@
identifier f =~ "^(ram_bitmaps_destroy|ram_save_cleanup)$";
expression rb;
@@
 f(...)
 {
 <...
+ram_migfix_close(rb);
 g_free(rb->bmap);
 rb->bmap = NULL;
 ...>
 }

// The RAM loader: zero pages are gathered; whatever else stores in a page says so first, whichever
// kind of payload it is; nothing is left when the section ends.
@loader@
identifier f =~ "^ram_load_precopy$";
expression host, size, block, addr, flags;
identifier ch;
@@
 f(...)
 {
 <...
(
-ram_handle_zero(host, size);
+ret = ram_migfix_zero_later(host, size);
|
-ram_handle_compressed(host, ch, size);
+if (ch) {
+	ret = ram_migfix_write(host, size);
+	memset(host, ch, size);
+} else {
+	ret = ram_migfix_zero_later(host, size);
+}
|
 trace_ram_load_loop(block->idstr, addr, flags, host);
+if (!(flags & RAM_SAVE_FLAG_ZERO)) {
+	ret = ram_migfix_write(host, TARGET_PAGE_SIZE);
+	if (ret) {
+		break;
+	}
+}
)
 ...>
 }

@flushed depends on loader@
identifier f =~ "^ram_load_precopy$";
identifier ret;
@@
 f(...)
 {
 <...
+if (ram_migfix_flush() && !ret) {
+	ret = -EIO;
+}
 return ret;
 ...>
 }

// RDMA: what was registered stays pinned, and QEMU does not say so by
// ram_block_discard_is_disabled().
@rdma@
identifier f =~ "^(qemu_)?rdma_";
expression host, size, value;
@@
 f(...)
 {
 <...
(
-ram_handle_zero(host, size);
+ram_migfix_zero_pinned(host, size);
|
-ram_handle_compressed(host, value, size);
+if (value) {
+	memset(host, value, size);
+} else {
+	ram_migfix_zero_pinned(host, size);
+}
)
 ...>
 }

// multifd clears a page that was received before without looking at it.
@multifd@
identifier f =~ "^multifd_recv_zero_page_process$";
expression host, size;
@@
 f(...)
 {
 <...
-memset(host, 0, size);
+ram_migfix_zero(host, size);
 ...>
 }

// Runs of zero pages of mapped-ram, and all callers that this patch does not know.
@handler@
parameter list params;
identifier f =~ "^ram_handle_(zero|compressed)$";
identifier host, size;
expression content;
@@
 f(params)
 {
(
-if (!buffer_is_zero(host, size)) {
-	memset(host, 0, size);
-}
+ram_migfix_zero(host, size);
|
-if (content != 0 || !buffer_is_zero(host, size)) {
-	memset(host, content, size);
-}
+if (content) {
+	memset(host, content, size);
+} else {
+	ram_migfix_zero(host, size);
+}
)
 }

// The source's zero detection, precopy, multifd and RDMA. XBZRLE's works on copies.
@detection@
identifier f =~ "^(save_zero_page|save_zero_page_to_file|multifd_send_zero_page_detect|qemu_rdma_write_one)$";
expression host, size;
@@
 f(...)
 {
 <...
-buffer_is_zero(host, size)
+ram_migfix_is_zero(host, size)
 ...>
 }

// Background snapshots: the callers leave out what a RamDiscardManager calls discarded.
@populate@
identifier f =~ "^populate_read_range$";
identifier block, offset, size;
typedef RAMBlock, ram_addr_t;
@@
 f(RAMBlock *block, ram_addr_t offset, ram_addr_t size)
 {
-...
+ram_migfix_populate_read(block, offset, size);
 }

@header depends on opened || closed || opened_outgoing || closed_outgoing || loader || rdma || multifd || handler || detection || populate@
@@
 #include "ram.h"
+#include "ram-migfix.h"
