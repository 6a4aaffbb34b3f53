/*
 * A TCP echo server on bare epoll: the floor that every event loop is compared with.
 *
 * Owns: one listening socket on a free port of 127.0.0.1, level-triggered epoll, one shared receive buffer, and for each
 * connection what the kernel did not take yet. Prints its port, then serves until it is killed.
 *
 * Does not own: protocols, timers, fairness. It is the least code that echoes correctly, partial writes included.
 *
 *   echo_epoll
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, RECEIVE_BYTES = 256 * 1024, BACKLOG = 4096 };

struct connection {
  int fd;
  char *unsent;
  size_t unsent_bytes;
};

static int epoll_fd;
static char receive_buffer[RECEIVE_BYTES];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void listen_for(struct connection *connection, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) < 0) fail("epoll_ctl");
}

static void end(struct connection *connection) {
  close(connection->fd);
  free(connection->unsent);
  free(connection);
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) fail("calloc");
    connection->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
  }
}

/* While something is unsent the connection is not read, so the client is slowed down and nothing piles up. */
static void on_readable(struct connection *connection) {
  ssize_t received = recv(connection->fd, receive_buffer, sizeof receive_buffer, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0) {
    end(connection);
    return;
  }
  ssize_t sent = send(connection->fd, receive_buffer, received, MSG_NOSIGNAL);
  if (sent == received) return;
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    end(connection);
    return;
  }
  if (sent < 0) sent = 0;
  connection->unsent_bytes = received - sent;
  connection->unsent = malloc(connection->unsent_bytes);
  if (!connection->unsent) fail("malloc");
  memcpy(connection->unsent, receive_buffer + sent, connection->unsent_bytes);
  listen_for(connection, EPOLLOUT);
}

static void on_writable(struct connection *connection) {
  ssize_t sent = send(connection->fd, connection->unsent, connection->unsent_bytes, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent < 0) {
    end(connection);
    return;
  }
  connection->unsent_bytes -= sent;
  if (connection->unsent_bytes > 0) {
    memmove(connection->unsent, connection->unsent + sent, connection->unsent_bytes);
    return;
  }
  free(connection->unsent);
  connection->unsent = NULL;
  listen_for(connection, EPOLLIN);
}

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t address_bytes = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (listen(listener, BACKLOG) < 0) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &address_bytes) < 0) fail("getsockname");
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) fail("epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll_ctl");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  static struct epoll_event events[EVENTS_MAX];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!connection) accept_all(listener);
      else if (connection->unsent) on_writable(connection);
      else on_readable(connection);
    }
  }
}
