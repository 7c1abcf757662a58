/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command channel between ersatz(1) and the agent in the guest: frames on
 * one virtio-serial port, in both directions. Plain C, because the agent is
 * static and small.
 *
 * A frame is a header of 8 bytes (length of the payload as 32 bits, little
 * endian; type; three zero bytes) and the payload.
 *
 *   agent                                 ersatz
 *     | HELLO (the kernel's release)  ->    |  the channel is up
 *     | LOG (text)                    ->    |  a line for the user
 *     | READY                         ->    |  modules are loaded
 *     |                      <- EXEC        |  one command at a time
 *     | STDOUT, STDERR -> ... <- STDIN      |  data; an empty STDIN is its end
 *     | GRANT -> ......... <- GRANT         |  the receiver has room for so many more bytes
 *     |        <- SIGNAL, WINSIZE           |
 *     | EXIT                          ->    |  after the last STDOUT and STDERR
 *     |   <- FILE, FILE, ..., ASK           |  at any time: what does not wait for the command
 *     | ANSWER                        ->    |
 *     | REPORT (text)                 ->    |  a debug kernel has found a fault; at any time
 *     |                      <- CHECK       |  with a debug kernel, before the end
 *     | REPORT ..., CHECKED           ->    |  modules are unloaded, leaks looked for
 *     |                      <- POWEROFF    |
 *
 * Back-pressure: each of the three streams starts with WIRE_WINDOW bytes of
 * credit at EXEC and takes more by GRANT, so that a stream that nobody reads
 * never stops the other two, or a SIGNAL.
 */
#ifndef ERSATZ_LAB_WIRE_H
#define ERSATZ_LAB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION 2u
#define WIRE_PORT "org.ersatz.agent" /* name of the virtio-serial port */
#define WIRE_HEADER 8u
#define WIRE_PAYLOAD 65536u /* bytes, at most */
#define WIRE_CHUNK 32768u /* bytes of a stream in one frame, at most */
#define WIRE_WINDOW (256u << 10) /* credit of a stream at its start, bytes */

enum wire_type {
	WIRE_HELLO = 1, /* u32 version, then the kernel's release */
	WIRE_LOG, /* text */
	WIRE_READY, /* nothing */
	WIRE_EXEC, /* u32 flags, u32 argc, u32 envc, then argc + envc strings, each ended by NUL */
	WIRE_STDIN, /* bytes; none: end of file */
	WIRE_STDOUT, /* bytes */
	WIRE_STDERR, /* bytes */
	WIRE_GRANT, /* u32 stream (WIRE_STDIN, ...), u32 bytes */
	WIRE_SIGNAL, /* u32 signal, for the command's process group */
	WIRE_WINSIZE, /* u32 rows, u32 columns */
	WIRE_EXIT, /* u32 status as a shell has it: 0 to 255, 128 + signal */
	WIRE_POWEROFF, /* nothing */
	WIRE_FILE, /* bytes of an archive; none: a new one begins */
	WIRE_ASK, /* u32 serial, u8 enum wire_question, its argument */
	WIRE_ANSWER, /* u32 serial, u32 errno (0: done), text */
	WIRE_REPORT, /* text; its first line says what is wrong */
	WIRE_CHECK, /* nothing */
	WIRE_CHECKED, /* nothing */
	WIRE_TYPES
};

/* What ersatz(1) may ask for while a command runs. */
enum wire_question {
	/*
	 * A PCI device by its address, "0000:01:00.0". The answer: "absent",
	 * "driver NAME", "loading" (a modprobe still runs) or "none".
	 */
	WIRE_LOOK = 1,
	WIRE_UNPACK, /* the archive: newc, into / */
	WIRE_LOAD, /* modules for what is there and has no driver, as at boot */
	WIRE_READ, /* path; the answer is the first line of what is there */
	WIRE_WRITE, /* path, NUL, text: write it there; the answer may take its time */
};

#define WIRE_EXEC_TTY 1u /* on the console's terminal; no streams */

/* Puts frames together from whatever pieces arrive. */
struct wire_reader {
	size_t fill;
	uint8_t buf[WIRE_HEADER + WIRE_PAYLOAD];
};

struct wire_frame {
	enum wire_type type;
	const uint8_t *data;
	size_t size;
};

/*
 * Where the next bytes go, and how many fit; then wire_reader_added says how
 * many came.
 */
uint8_t *wire_reader_space(struct wire_reader *reader, size_t *ret_size);
void wire_reader_added(struct wire_reader *reader, size_t size);

/*
 * Looks at the first frame: 1 and the frame, whose data stay valid until
 * wire_reader_drop; 0: not all there yet; -1: this is not our protocol.
 */
int wire_reader_frame(struct wire_reader *reader, struct wire_frame *ret_frame);
/* Takes the first frame away. */
void wire_reader_drop(struct wire_reader *reader);

/* Fills in a header; size at most WIRE_PAYLOAD. */
void wire_header(uint8_t header[WIRE_HEADER], enum wire_type type, size_t size);

void wire_put32(uint8_t *at, uint32_t value);
uint32_t wire_get32(const uint8_t *at);

#endif
