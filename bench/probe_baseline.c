/* The floor that the probe client is measured against: one epoll loop in C.
 *
 * Usage: probe_baseline HOST PORT PROBES IN_FLIGHT
 *
 * Each probe opens a new connection, sends one request, reads until Content-Length is complete or
 * the peer closes, looks for "200" and for the word "ok", takes the time of each phase, and closes.
 * Prints: probes, failures, microseconds of CPU (user + system) per probe.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#endif

#define ANSWER_LIMIT 16384
#define MAX_IN_FLIGHT 1024

enum state { CONNECTING, HANDSHAKING, RECEIVING };

struct probe {
  int fd;
  enum state state;
  size_t length;
  double started, connected, secured, first_byte, finished;
#ifdef WITH_TLS
  SSL *ssl;
#endif
  char answer[ANSWER_LIMIT + 1];
};

static struct sockaddr_in target;
static char request[512];
static size_t request_length;
static int epoll_fd;
static long left, done, failed;
static double total_ms;
#ifdef WITH_TLS
static SSL_CTX *context;
static const char *server_name;
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void start(struct probe *p) {
  if (left == 0) {
    p->fd = -1;
    return;
  }
  left--;
  p->length = 0;
  p->state = CONNECTING;
  p->started = now();
  p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (p->fd < 0 || (connect(p->fd, (struct sockaddr *)&target, sizeof target) < 0 &&
                    errno != EINPROGRESS)) {
    perror("connect");
    exit(1);
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = p};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->fd, &event);
}

static void finish(struct probe *p, int good) {
  p->finished = now();
  total_ms += p->finished - p->started;
  done++;
  failed += !good;
#ifdef WITH_TLS
  if (p->ssl) {
    SSL_free(p->ssl);
    p->ssl = NULL;
  }
#endif
  close(p->fd);
  start(p);
}

static int is_good(struct probe *p) {
  p->answer[p->length] = 0;
  if (p->length < 12 || memcmp(p->answer + 8, " 200", 4) != 0) return 0;
  char *body = strstr(p->answer, "\r\n\r\n");
  return body != NULL && strstr(body, "ok") != NULL;
}

static int is_complete(struct probe *p) {
  p->answer[p->length] = 0;
  char *body = strstr(p->answer, "\r\n\r\n");
  if (body == NULL) return 0;
  char *header = strcasestr(p->answer, "\r\ncontent-length:");
  if (header == NULL || header > body) return 0;
  return (size_t)(p->answer + p->length - (body + 4)) >= strtoul(header + 17, NULL, 10);
}

static ssize_t put(struct probe *p) {
#ifdef WITH_TLS
  if (p->ssl) return SSL_write(p->ssl, request, (int)request_length);
#endif
  return send(p->fd, request, request_length, MSG_NOSIGNAL);
}

/* Returns -1 when there is nothing to read now, 0 at the end. */
static ssize_t get(struct probe *p) {
  char *at = p->answer + p->length;
  size_t room = ANSWER_LIMIT - p->length;
#ifdef WITH_TLS
  if (p->ssl) {
    int n = SSL_read(p->ssl, at, (int)room);
    if (n > 0) return n;
    return SSL_get_error(p->ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
  }
#endif
  ssize_t n = recv(p->fd, at, room, 0);
  if (n < 0) return errno == EAGAIN ? -1 : 0;
  return n;
}

static void receive(struct probe *p) {
  for (;;) {
    ssize_t n = get(p);
    if (n < 0) return;
    if (n == 0) {
      finish(p, is_good(p));
      return;
    }
    if (p->length == 0) p->first_byte = now();
    p->length += (size_t)n;
    if (is_complete(p) || p->length == ANSWER_LIMIT) {
      finish(p, is_good(p));
      return;
    }
  }
}

static void send_request(struct probe *p) {
  if (put(p) != (ssize_t)request_length) {
    finish(p, 0);
    return;
  }
  p->state = RECEIVING;
}

#ifdef WITH_TLS
static void handshake(struct probe *p) {
  int n = SSL_do_handshake(p->ssl);
  if (n == 1) {
    p->secured = now();
    send_request(p);
    if (p->state == RECEIVING) receive(p);
  } else if (SSL_get_error(p->ssl, n) != SSL_ERROR_WANT_READ) {
    finish(p, 0);
  }
}
#endif

static void on_ready(struct probe *p) {
  switch (p->state) {
    case CONNECTING:
      p->connected = now();
#ifdef WITH_TLS
      if (context) {
        p->ssl = SSL_new(context);
        SSL_set_fd(p->ssl, p->fd);
        SSL_set_tlsext_host_name(p->ssl, server_name);
        SSL_set1_host(p->ssl, server_name);
        SSL_set_connect_state(p->ssl);
        p->state = HANDSHAKING;
        handshake(p);
        return;
      }
#endif
      send_request(p);
      return;
    case HANDSHAKING:
#ifdef WITH_TLS
      handshake(p);
#endif
      return;
    case RECEIVING:
      receive(p);
  }
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  target.sin_family = AF_INET;
  target.sin_port = htons((uint16_t)atoi(argv[2]));
  inet_pton(AF_INET, argv[1], &target.sin_addr);
  long probes = left = atol(argv[3]);
  int in_flight = atoi(argv[4]);
  if (in_flight > MAX_IN_FLIGHT) in_flight = MAX_IN_FLIGHT;
  request_length = (size_t)snprintf(
      request, sizeof request,
      "GET /health HTTP/1.1\r\nHost: %s:%s\r\nUser-Agent: Allgreen/0.1.0\r\nAccept: */*\r\n"
      "Accept-Encoding: identity, gzip\r\nConnection: close\r\n\r\n",
      argv[1], argv[2]);
#ifdef WITH_TLS
  if (argc > 6) { /* NAME CA_FILE: verify as a client must. */
    server_name = argv[5];
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, argv[6], NULL) != 1) return 3;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  }
#endif
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct probe *all = calloc((size_t)in_flight, sizeof *all);
  for (int i = 0; i < in_flight; i++) start(&all[i]);
  struct epoll_event events[256];
  while (done < probes) {
    int n = epoll_wait(epoll_fd, events, 256, -1);
    for (int i = 0; i < n; i++) on_ready(events[i].data.ptr);
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu_us = used.ru_utime.tv_sec * 1e6 + used.ru_utime.tv_usec +
                  used.ru_stime.tv_sec * 1e6 + used.ru_stime.tv_usec;
  printf("%ld %ld %.3f %.3f\n", done, failed, cpu_us / (double)done, total_ms / (double)done);
  return 0;
}
