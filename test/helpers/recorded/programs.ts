/** Writes a library in C that records ioctls, and a program in C that makes the calls of `calls.ts`. Both include the header. */

import { type Call, type Data, sevFile } from './calls.js';

const isSev = ({ command }: Call): boolean => command?.startsWith('KVM_SEV_') ?? false;
const carrierOf = (call: Call): string | undefined =>
  call.command === undefined ? undefined : `struct ${isSev(call) ? 'kvm_sev_cmd' : 'kvm_tdx_cmd'}`;

/** The C expression for the size of a struct with its leaves. */
function sizeOf({ struct, leaves = 0 }: Call): string {
  if (struct === undefined) return '0';
  return `sizeof(struct ${struct}) + ${leaves} * sizeof(struct kvm_cpuid_entry2)`;
}

const placeOf = (struct: string, member: string): string =>
  `offsetof(struct ${struct}, ${member}), sizeof(((struct ${struct} *)0)->${member})`;

function area(struct: string, { at, count, length, unit = 1, written }: Data): string {
  const counted = count === undefined ? `0, 0, ${length}` : `${placeOf(struct, count)}, ${unit}`;
  return `{"${at}", offsetof(struct ${struct}, ${at}), ${counted}, ${written ? 1 : 0}}`;
}

/** The assignments of values to the members of `struct s *a`. */
const assignments = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([member, value]) => `    a->${member} = ${value}${value > 0x7fff_ffff ? 'ULL' : ''};\n`)
    .join('');

const common = `#define _GNU_SOURCE
#include <asm/kvm.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
`;

/**
 * A shared library whose \`ioctl\` writes the bytes of each call to the file RECORD, with zeros for the addresses, and with the
 * bytes at the addresses. The expected calls are in the order of the list. It then acts as the kernel would: it writes to the
 * memory that the kernel writes to, and fails where the firmware would refuse.
 */
export function recorderSource(calls: readonly Call[]): string {
  const entries = calls.map((call, index) => {
    const { struct, data = [], eventfd } = call;
    const carrier = carrierOf(call);
    const areas = struct === undefined ? [] : data.map((each) => area(struct, each));
    const error = carrier === undefined ? '0, 0' : placeOf(carrier.slice(7), isSev(call) ? 'error' : 'hw_error');
    const [errno, firmware] = call.fails ?? [0, 0];
    const file = eventfd === undefined || struct === undefined ? '-1' : `offsetof(struct ${struct}, ${eventfd})`;
    return `  {"${call.ioctl} ${call.command ?? ''}", ${call.ioctl}, ${carrier ? `sizeof(${carrier})` : '0'}, ${error}, ${sizeOf(call)},
   ${areas.length}, {${areas.join(', ') || '{0}'}}, reply${index}, ${errno}, ${firmware}ULL, ${file}},\n`;
  });
  const replies = calls.map(({ struct, reply }, index) => {
    const body =
      struct === undefined || !reply ? '  (void)p;\n' : `    struct ${struct} *a = p;\n${assignments(reply)}`;
    return `static void reply${index}(void *p) {\n${body}}\n`;
  });
  return `${common}
${replies.join('')}
struct area { const char *name; size_t at, count_at, count_size, unit; int written; };
struct call {
  const char *name; unsigned long request; size_t carrier, error_at, error_size, size;
  int areas; struct area area[4]; void (*reply)(void *); int error; unsigned long long firmware; int file_at;
};
static const struct call calls[] = {
${entries.join('')}};
static size_t next;

static void hex(FILE *to, const char *name, const void *bytes, size_t size) {
  fprintf(to, "  %s ", name);
  for (size_t i = 0; i < size; i++) fprintf(to, "%02x", ((const unsigned char *)bytes)[i]);
  fprintf(to, "\\n");
}

static int record(const struct call *call, unsigned char *argument) {
  FILE *to = fopen(getenv("RECORD"), "a");
  unsigned char copy[8192];
  unsigned char *data = argument;
  fprintf(to, "%s\\n", call->name);
  if (call->carrier != 0) {
    memcpy(copy, argument, call->carrier);
    uint64_t address;
    memcpy(&address, argument + offsetof(struct kvm_sev_cmd, data), sizeof address);
    if (call->size != 0) {
      memset(copy + offsetof(struct kvm_sev_cmd, data), 0, sizeof address);
      data = (unsigned char *)(uintptr_t)address;
    }
    hex(to, "carrier", copy, call->carrier);
  }
  if (call->size != 0) {
    memcpy(copy, data, call->size);
    for (int i = 0; i < call->areas; i++) memset(copy + call->area[i].at, 0, sizeof(uint64_t));
    if (call->file_at >= 0) {
      char path[64], link[64] = "";
      int file;
      memcpy(&file, data + call->file_at, sizeof file);
      snprintf(path, sizeof path, "/proc/self/fd/%d", file);
      if (readlink(path, link, sizeof link - 1) < 0) strcpy(link, "?");
      fprintf(to, "  file %s\\n", link);
      memset(copy + call->file_at, 0, sizeof file);
    }
    hex(to, "struct", copy, call->size);
  }
  for (int i = 0; i < call->areas; i++) {
    const struct area *area = &call->area[i];
    uint64_t address, count = 1;
    memcpy(&address, data + area->at, sizeof address);
    if (area->count_size != 0) {
      count = 0;
      memcpy(&count, data + area->count_at, area->count_size);
    }
    hex(to, area->name, (void *)(uintptr_t)address, count * area->unit);
    if (area->written) memset((void *)(uintptr_t)address, 0xa0 + i, count * area->unit);
  }
  if (call->size != 0) call->reply(data);
  fclose(to);
  if (call->error == 0) return 0;
  memcpy(argument + call->error_at, &call->firmware, call->error_size);
  errno = call->error;
  return -1;
}

int ioctl(int fd, unsigned long request, ...) {
  static int (*real)(int, unsigned long, void *);
  va_list list;
  va_start(list, request);
  void *argument = va_arg(list, void *);
  va_end(list);
  if (real == NULL) real = (int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if ((uint32_t)request != (uint32_t)calls[i].request || argument == NULL) continue;
    if (next >= sizeof calls / sizeof *calls) abort();
    return record(&calls[next++], argument);
  }
  return real(fd, request, argument);
}
`;
}

/** A program that makes the calls, and prints the structs and the data after each. */
export function callerSource(calls: readonly Call[]): string {
  const parts = calls.map((call, index) => {
    const { struct, values = {}, data = [], eventfd } = call;
    const carrier = carrierOf(call);
    const areas = data.map(({ at, count, length, unit = 1 }, each) => {
      const counted = count === undefined ? '' : `\n    a->${count} = ${length / unit};`;
      return `    void *data${each} = filled(${index}, ${each}, ${length});
    a->${at} = (uintptr_t)data${each};${counted}\n`;
    });
    const clear = data.map(({ at }) => `    a->${at} = 0;\n`).join('');
    const shown = data.map(({ at, length }, each) => `    hex("${at}", data${each}, ${length});\n`).join('');
    const file = eventfd === undefined ? '' : `    a->${eventfd} = eventfd(0, 0);\n`;
    const noFile = eventfd === undefined ? '' : `    a->${eventfd} = 0;\n`;
    const own = struct === undefined ? '' : `    struct ${struct} *a = calloc(1, ${sizeOf(call)});\n`;
    const passed = call.value !== undefined ? `${call.value}ULL` : struct === undefined ? '0' : '(uintptr_t)a';
    const extra = isSev(call) ? `.sev_fd = ${sevFile}` : `.flags = ${call.flags ?? 0}`;
    const error = isSev(call) ? 'error' : 'hw_error';
    const made =
      carrier === undefined
        ? `    printf("  result %d\\n", ioctl(0, ${call.ioctl}, a));\n`
        : `    ${carrier} c = {.id = ${call.command}, .data = ${passed}, ${extra}};
    int result = ioctl(0, ${call.ioctl}, &c);
    printf("  result %d", result);
    if (result < 0) printf(" errno %d firmware 0x%llx", errno, (unsigned long long)c.${error});
    printf("\\n");\n`;
    const after =
      struct === undefined || call.isInner ? '' : `${clear}${noFile}    hex("struct", a, ${sizeOf(call)});\n`;
    return `  {
    printf("%s\\n", "${call.ioctl} ${call.command ?? ''}");
${own}${struct === undefined ? '' : assignments(values)}${areas.join('')}${file}${made}${after}${shown}  }\n`;
  });
  return `${common}
static void hex(const char *name, const void *bytes, size_t size) {
  printf("  %s ", name);
  for (size_t i = 0; i < size; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
  printf("\\n");
}
static void *filled(int call, int index, size_t length) {
  unsigned char *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < length; i++) bytes[i] = (unsigned char)(call * 31 + index * 7 + i * 3);
  return bytes;
}
int main(void) {
${parts.join('')}  return 0;
}
`;
}
