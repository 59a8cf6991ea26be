/*
 * Preloaded into every program that a host starts (ld.so(8)): appends its arguments and environment to a file, so that
 * what lives too short for anybody who only looks now and then is seen as well.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

static void copy(const char *from, int record) {
  char piece[65536];
  ssize_t length;
  int source = open(from, O_RDONLY | O_CLOEXEC);
  if (source < 0) return;
  while ((length = read(source, piece, sizeof piece)) > 0)
    if (write(record, piece, length) < 0) break;
  close(source);
}

__attribute__((constructor)) static void record_exec(void) {
  int record = open("/dev/shm/torocloud-watch/execs", O_WRONLY | O_APPEND | O_CLOEXEC);
  if (record < 0) return;
  copy("/proc/self/cmdline", record);
  copy("/proc/self/environ", record);
  close(record);
}
