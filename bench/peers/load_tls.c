/*
 * The load of the TLS benchmark: N connections, each with one message under way, sent again as soon as it came back.
 *
 * Owns: the connections and their handshakes, one after the other; the clock, and the sampling of the server's CPU at the very
 * moments when the warm-up and the last message are complete. The warm-up lasts until every connection has been answered once.
 *
 * Does not own: the server, whose certificate is not looked at. Every reply of the warm-up is compared byte for byte with what was
 * sent, every later one by its length. All servers get the same cipher.
 *
 *   load_tls PORT CONNECTIONS MESSAGE_BYTES WARM_UP_MESSAGES MESSAGES SERVER_PID
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, RECEIVE_BYTES = 16 * 1024, STALL_MS = 20000 };

struct connection {
  int fd;
  SSL *tls;
  int waits_for_writable;
  int answered;
  size_t sent;
  size_t received;
  uint64_t began_ns;
};

static int epoll_fd;
static SSL_CTX *context;
static char *message;
static size_t message_bytes;
static char receive_buffer[RECEIVE_BYTES];

static void fail(const char *what) {
  fprintf(stderr, "load_tls: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void refuse(const char *what) {
  fprintf(stderr, "load_tls: %s\n", what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
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

static uint64_t own_cpu_ns(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * 1000000000u + used.tv_nsec;
}

static void listen_for(struct connection *connection, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll_fd, operation, connection->fd, &event) < 0) fail("epoll_ctl");
}

/* A message goes as one record, all of it or none. */
static void send_rest(struct connection *connection) {
  if (connection->sent < message_bytes) {
    int sent = SSL_write(connection->tls, message, message_bytes);
    if (sent > 0)
      connection->sent = sent;
    else if (SSL_get_error(connection->tls, sent) != SSL_ERROR_WANT_WRITE)
      refuse("SSL_write failed");
  }
  int waits_for_writable = connection->sent < message_bytes;
  if (waits_for_writable == connection->waits_for_writable) return;
  connection->waits_for_writable = waits_for_writable;
  listen_for(connection, EPOLL_CTL_MOD, waits_for_writable ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void begin_message(struct connection *connection) {
  connection->sent = 0;
  connection->received = 0;
  connection->began_ns = now_ns();
  send_rest(connection);
}

static int connect_tcp(int port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  return fd;
}

static void open_connection(struct connection *connection, const char *server) {
  connection->fd = connect_tcp(atoi(server));
  connection->tls = SSL_new(context);
  if (!connection->tls || !SSL_set_fd(connection->tls, connection->fd)) refuse("SSL_new failed");
  if (SSL_connect(connection->tls) != 1) refuse("the handshake failed");
  if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
  listen_for(connection, EPOLL_CTL_ADD, EPOLLIN);
}

/* Takes what has arrived; answers whether that completes the message. */
static int receive(struct connection *connection, int compare) {
  do {
    int received = SSL_read(connection->tls, receive_buffer, sizeof receive_buffer);
    if (received <= 0) {
      if (SSL_get_error(connection->tls, received) == SSL_ERROR_WANT_READ) return 0;
      refuse("the server closed a connection");
    }
    if (connection->received + received > connection->sent) refuse("the server sent more than it was given");
    if (compare && memcmp(receive_buffer, message + connection->received, received) != 0)
      refuse("the server sent other bytes than it was given");
    connection->received += received;
  } while (connection->received < message_bytes);
  return 1;
}

static int by_value(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

int main(int argc, char **argv) {
  if (argc != 7) refuse("usage: load_tls PORT CONNECTIONS MESSAGE_BYTES WARM_UP_MESSAGES MESSAGES SERVER_PID");
  int connections_count = atoi(argv[2]), server_pid = atoi(argv[6]);
  message_bytes = strtoul(argv[3], NULL, 10);
  size_t warm_up = strtoul(argv[4], NULL, 10), measured = strtoul(argv[5], NULL, 10);
  struct connection *connections = calloc(connections_count, sizeof *connections);
  uint32_t *latencies_ns = malloc(measured * sizeof *latencies_ns);
  message = malloc(message_bytes);
  if (!connections || !latencies_ns || !message) fail("malloc");
  for (size_t i = 0; i < message_bytes; i++) message[i] = (char)(i * 31 + i / 251);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) fail("epoll_create1");
  signal(SIGPIPE, SIG_IGN);
  context = SSL_CTX_new(TLS_client_method());
  if (!context || !SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384")) refuse("SSL_CTX_new failed");
  if (!SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)) refuse("there is no TLS 1.3");
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
  for (int i = 0; i < connections_count; i++) open_connection(&connections[i], argv[1]);
  for (int i = 0; i < connections_count; i++) begin_message(&connections[i]);

  uint64_t began_ns = 0, ended_ns = 0, server_began_ns = 0, server_ended_ns = 0, own_began_ns = 0, own_ended_ns = 0;
  size_t warmed_up = 0, completed = 0;
  int unanswered = connections_count;
  static struct epoll_event events[EVENTS_MAX];
  while (completed < measured) {
    int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, STALL_MS);
    if (ready == 0) refuse("no reply for 20 s");
    for (int i = 0; i < ready && completed < measured; i++) {
      struct connection *connection = events[i].data.ptr;
      int warming_up = warmed_up < warm_up || unanswered > 0;
      if (events[i].events & EPOLLOUT) send_rest(connection);
      if (!(events[i].events & ~EPOLLOUT) || !receive(connection, warming_up)) continue;
      if (!warming_up) {
        uint64_t took_ns = now_ns() - connection->began_ns;
        latencies_ns[completed++] = took_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)took_ns;
      } else {
        warmed_up++;
        if (!connection->answered) unanswered--;
        connection->answered = 1;
        if (warmed_up >= warm_up && unanswered == 0) {
          server_began_ns = server_cpu_ns(server_pid);
          own_began_ns = own_cpu_ns();
          began_ns = now_ns();
        }
      }
      begin_message(connection);
    }
  }
  ended_ns = now_ns();
  own_ended_ns = own_cpu_ns();
  server_ended_ns = server_cpu_ns(server_pid);

  qsort(latencies_ns, measured, sizeof *latencies_ns, by_value);
  double seconds = (ended_ns - began_ns) / 1e9;
  printf("{\"messages\":%zu,\"seconds\":%.6f,\"messagesPerSecond\":%.1f,\"p50Microseconds\":%.1f,"
         "\"p99Microseconds\":%.1f,\"serverCpuMicroseconds\":%.3f,\"clientCpuMicroseconds\":%.3f}\n",
         measured, seconds, measured / seconds, latencies_ns[measured / 2] / 1e3,
         latencies_ns[measured - 1 - measured / 100] / 1e3, (server_ended_ns - server_began_ns) / 1e3 / measured,
         (own_ended_ns - own_began_ns) / 1e3 / measured);
  return 0;
}
