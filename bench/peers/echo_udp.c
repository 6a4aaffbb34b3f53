/*
 * A UDP echo server on bare epoll: the floor that every event loop is compared with.
 *
 * Owns: one socket on a free port of 127.0.0.1; up to 64 datagrams in one recvmmsg, sent back in one sendmmsg. Prints its
 * port, then serves until it is killed.
 *
 *   echo_udp
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { COUNT = 64, BYTES_MAX = 64 * 1024 };

static char buffers[COUNT][BYTES_MAX];
static struct sockaddr_in names[COUNT];
static struct iovec parts[COUNT];
static struct mmsghdr headers[COUNT];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

int main(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t address_bytes = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (getsockname(fd, (struct sockaddr *)&address, &address_bytes) < 0) fail("getsockname");
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  for (;;) {
    epoll_wait(epoll_fd, &event, 1, -1);
    for (int i = 0; i < COUNT; i++) {
      parts[i] = (struct iovec){.iov_base = buffers[i], .iov_len = BYTES_MAX};
      headers[i].msg_hdr = (struct msghdr){
          .msg_name = &names[i], .msg_namelen = sizeof names[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int received = recvmmsg(fd, headers, COUNT, 0, NULL);
    for (int i = 0; i < received; i++) parts[i].iov_len = headers[i].msg_len;
    for (int sent = 0; sent < received;) {
      int more = sendmmsg(fd, headers + sent, received - sent, 0);
      if (more <= 0) break;
      sent += more;
    }
  }
}
