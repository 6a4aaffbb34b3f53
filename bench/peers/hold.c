/*
 * Holds many idle connections to an echo server, then shows that each of them is alive.
 *
 * Owns: the connections, from several loopback source addresses so that the ports of one never run out. Prints `held N`
 * when the server has accepted all; on a line of input sends 1 KiB over each connection in turn, compares the replies,
 * and prints `answered N`; ends at the end of input.
 *
 * Does not own: the measurement, which the suite takes from /proc between those lines.
 *
 *   hold PORT CONNECTIONS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PER_SOURCE = 2500, PER_WAVE = 500, MESSAGE_BYTES = 1024 };

static char message[MESSAGE_BYTES], reply[MESSAGE_BYTES];

static void fail(const char *what) {
  fprintf(stderr, "hold: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_connection(int port, int number) {
  struct sockaddr_in source = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number / PER_SOURCE)};
  struct sockaddr_in server = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
  if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0) fail("bind");
  if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
  return fd;
}

static void echo(int fd, size_t bytes) {
  if (send(fd, message, bytes, MSG_NOSIGNAL) != (ssize_t)bytes) fail("send");
  if (recv(fd, reply, bytes, MSG_WAITALL) != (ssize_t)bytes) fail("recv");
  if (memcmp(message, reply, bytes) != 0) {
    fprintf(stderr, "hold: the server sent other bytes than it was given\n");
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: hold PORT CONNECTIONS\n");
    return 1;
  }
  int port = atoi(argv[1]), count = atoi(argv[2]);
  int *fds = malloc(count * sizeof *fds);
  if (!fds) fail("malloc");
  for (size_t i = 0; i < MESSAGE_BYTES; i++) message[i] = (char)(i * 31 + 7);
  for (int i = 0; i < count; i++) {
    fds[i] = open_connection(port, i);
    /* A reply to the last of a wave tells that the server has accepted the whole wave: its backlog never overflows. */
    if (i % PER_WAVE == PER_WAVE - 1 || i == count - 1) echo(fds[i], 1);
  }
  printf("held %d\n", count);
  fflush(stdout);
  if (getchar() == EOF) return 0;
  for (int i = 0; i < count; i++) echo(fds[i], MESSAGE_BYTES);
  printf("answered %d\n", count);
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
