/*
 * The load of the UDP benchmark: one socket with a window of datagrams under way, each sent again as soon as it came back.
 *
 * Owns: the socket, the clock, and the sampling of the server's CPU, at the very moments when the warm-up and the last
 * message are complete.
 *
 * Does not own: the server. Every reply is compared with what was sent: the bytes, and that its number is under way. A
 * datagram that is lost ends the run, as nothing is lost on loopback while the window fits into the buffers.
 *
 *   load_udp PORT WINDOW MESSAGE_BYTES WARM_UP_MESSAGES MESSAGES SERVER_PID
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW_MAX = 256, BYTES_MAX = 2048, STALL_MS = 20000 };

static void fail(const char *what) {
  fprintf(stderr, "load_udp: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void refuse(const char *what) {
  fprintf(stderr, "load_udp: %s\n", what);
  exit(1);
}

static uint64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + now.tv_nsec;
}

/* The CPU time of every thread of the server, in ns: the first number of each of its schedstat files. */
static uint64_t server_cpu_ns(int pid) {
  char path[320];
  uint64_t total = 0;
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  if (!threads) fail(path);
  for (struct dirent *thread; (thread = readdir(threads));) {
    if (thread->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, thread->d_name);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    unsigned long long on_cpu = 0;
    if (fscanf(file, "%llu", &on_cpu) == 1) total += on_cpu;
    fclose(file);
  }
  closedir(threads);
  return total;
}

static int by_value(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static char buffers[WINDOW_MAX][BYTES_MAX], message[BYTES_MAX];
static struct mmsghdr headers[WINDOW_MAX];
static struct iovec parts[WINDOW_MAX];
static uint64_t began_ns[WINDOW_MAX];

int main(int argc, char **argv) {
  if (argc != 7) refuse("usage: load_udp PORT WINDOW MESSAGE_BYTES WARM_UP_MESSAGES MESSAGES SERVER_PID");
  int window = atoi(argv[2]), bytes = atoi(argv[3]), server_pid = atoi(argv[6]);
  size_t warm_up = strtoul(argv[4], NULL, 10), measured = strtoul(argv[5], NULL, 10);
  if (window < 1 || window > WINDOW_MAX || bytes < 4 || bytes > BYTES_MAX) refuse("the window or the message is too large");
  uint32_t *latencies_ns = malloc(measured * sizeof *latencies_ns);
  if (!latencies_ns) fail("malloc");
  for (int i = 0; i < bytes; i++) message[i] = (char)(i * 31 + i / 251);

  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  for (int i = 0; i < window; i++) {
    parts[i] = (struct iovec){.iov_base = buffers[i], .iov_len = bytes};
    headers[i].msg_hdr.msg_iov = &parts[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    memcpy(buffers[i], message, bytes);
    memcpy(buffers[i], &(uint32_t){i}, 4);
    began_ns[i] = now_ns(CLOCK_MONOTONIC);
  }
  if (sendmmsg(fd, headers, window, 0) != window) fail("sendmmsg");

  uint64_t start_ns = 0, server_ns = 0, own_ns = 0;
  size_t warmed_up = 0, completed = 0;
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  while (completed < measured) {
    if (poll(&readable, 1, STALL_MS) == 0) refuse("no reply for 20 s: a datagram was lost");
    int received = recvmmsg(fd, headers, window, MSG_DONTWAIT, NULL);
    if (received < 0) fail("recvmmsg");
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < received && completed < measured; i++) {
      uint32_t number;
      memcpy(&number, buffers[i], 4);
      if ((int)headers[i].msg_len != bytes || number >= (uint32_t)window || memcmp(buffers[i] + 4, message + 4, bytes - 4) != 0)
        refuse("the server sent something else than it was given");
      if (warmed_up < warm_up) {
        if (++warmed_up < warm_up) continue;
        server_ns = server_cpu_ns(server_pid);
        own_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
        start_ns = now_ns(CLOCK_MONOTONIC);
      } else {
        latencies_ns[completed++] = (uint32_t)(now - began_ns[number]);
      }
    }
    for (int i = 0; i < received; i++) {
      uint32_t number;
      memcpy(&number, buffers[i], 4);
      began_ns[number] = now_ns(CLOCK_MONOTONIC);
    }
    for (int sent = 0; sent < received;) {
      int more = sendmmsg(fd, headers + sent, received - sent, 0);
      if (more < 0) fail("sendmmsg");
      sent += more;
    }
  }
  double seconds = (now_ns(CLOCK_MONOTONIC) - start_ns) / 1e9;
  double own_us = (now_ns(CLOCK_PROCESS_CPUTIME_ID) - own_ns) / 1e3, server_us = (server_cpu_ns(server_pid) - server_ns) / 1e3;
  qsort(latencies_ns, measured, sizeof *latencies_ns, by_value);
  printf("{\"messages\":%zu,\"seconds\":%.6f,\"messagesPerSecond\":%.1f,\"p50Microseconds\":%.1f,"
         "\"p99Microseconds\":%.1f,\"serverCpuMicroseconds\":%.3f,\"clientCpuMicroseconds\":%.3f}\n",
         measured, seconds, measured / seconds, latencies_ns[measured / 2] / 1e3,
         latencies_ns[measured - 1 - measured / 100] / 1e3, server_us / measured, own_us / measured);
  return 0;
}
