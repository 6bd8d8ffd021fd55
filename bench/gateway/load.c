// Load client for benches: one thread, epoll, HTTP/1.1 keep-alive, 127.0.0.1 only. Prints one line of JSON.
//   load saturate PORT REQUEST_FILE CONNECTIONS SECONDS          closed loop
//   load rate     PORT REQUEST_FILE CONNECTIONS SECONDS RATE     open loop, Poisson; latency counts from the moment a request was due
//   load stream   PORT REQUEST_FILE CONNECTIONS SECONDS          event streams, each restarted when it ends
// REQUEST_FILE holds the whole request, head and body. The first second is warm-up.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  uint64_t *values;
  size_t count, capacity;
} Samples;
enum State { IDLE, HEAD, BODY, CHUNK_SIZE, CHUNK, TRAILER };
typedef struct {
  int fd, status, chunked, saw_first, saw_done;
  enum State state;
  char head[4096], line[32];
  int head_length, line_length;
  size_t sent, left;
  uint64_t due;
} Call;

static Call *calls;
static int poll_fd, port, connection_count, is_rate, is_stream, *idle, idle_count;
static char *request;
static size_t request_length;
static uint64_t window_start, window_end, *waiting;
static size_t waiting_head, waiting_tail;
static Samples latencies, first_tokens, chunk_delays;
static unsigned long completed, failed, incomplete, broken;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}
static void add(Samples *s, uint64_t value) {
  if (s->count == s->capacity) s->values = realloc(s->values, (s->capacity = s->capacity ? s->capacity * 2 : 65536) * 8);
  s->values[s->count++] = value;
}
static int ascending(const void *a, const void *b) { return *(uint64_t *)a < *(uint64_t *)b ? -1 : *(uint64_t *)a > *(uint64_t *)b; }
static double percentile(Samples *s, double p) {
  if (!s->count) return 0;
  qsort(s->values, s->count, 8, ascending);
  return s->values[(size_t)((s->count - 1) * p)] / 1e6;
}

static void watch(Call *c, int for_writing, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (for_writing ? EPOLLOUT : 0), .data.u32 = c - calls};
  epoll_ctl(poll_fd, operation, c->fd, &event);
}
static void send_rest(Call *c) {
  ssize_t sent = send(c->fd, request + c->sent, request_length - c->sent, MSG_NOSIGNAL);
  if (sent > 0) c->sent += sent;
  watch(c, c->sent < request_length, EPOLL_CTL_MOD);
}
static void begin(Call *c, uint64_t due) {
  if (c->fd < 0) {
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connect(c->fd, (void *)&address, sizeof address);
    watch(c, 1, EPOLL_CTL_ADD);
  }
  c->state = HEAD, c->head_length = c->line_length = c->saw_first = c->saw_done = 0, c->sent = 0, c->due = due;
  send_rest(c);
}
static void next(Call *c) {
  c->state = IDLE;
  if (now_ns() >= window_end) return;
  if (!is_rate) begin(c, now_ns());
  else if (waiting_head < waiting_tail) begin(c, waiting[waiting_head++]);
  else idle[idle_count++] = c - calls;
}
static void lost(Call *c) {
  if (c->state != IDLE) broken++;
  close(c->fd);
  c->fd = -1;
  if (c->state != IDLE) next(c);
}
static void done(Call *c, uint64_t now) {
  if (now >= window_start && now < window_end) {
    if (c->status == 200) completed++, add(&latencies, now - c->due);
    else failed++;
    if (is_stream && !c->saw_done) incomplete++;
  }
  next(c);
}

// The times in streamed chunks; a chunk arrives whole or is not measured.
static void look_at(Call *c, char *bytes, size_t length, uint64_t now) {
  if (!is_stream) return;
  if (memmem(bytes, length, "[DONE]", 6)) c->saw_done = 1;
  for (char *end = bytes + length, *at = bytes; (at = memmem(at, end - at, "@T", 2)); at += 2) {
    if (now < window_start || now >= window_end) continue;
    uint64_t written = strtoull(at + 2, 0, 10);
    if (!c->saw_first) c->saw_first = 1, add(&first_tokens, now - c->due);
    if (written && written < now) add(&chunk_delays, now - written);
  }
}

static void read_head(Call *c) {
  c->head[c->head_length] = 0;
  c->status = atoi(c->head + 9);
  char *length = strcasestr(c->head, "\r\ncontent-length:");
  c->left = length ? strtoul(length + 17, 0, 10) : 0;
  c->state = length ? BODY : CHUNK_SIZE;
}
static void take(Call *c, char *at, size_t length, uint64_t now) {
  for (char *end = at + length; at < end;) {
    if (c->state == IDLE) return;
    if (c->state == HEAD) {
      c->head[c->head_length++] = *at++;
      if (c->head_length >= 4 && !memcmp(c->head + c->head_length - 4, "\r\n\r\n", 4)) read_head(c);
      else if (c->head_length == sizeof c->head - 1) return lost(c);
    } else if (c->state == BODY || c->state == CHUNK) {
      size_t part = (size_t)(end - at) < c->left ? (size_t)(end - at) : c->left;
      look_at(c, at, part, now);
      at += part, c->left -= part;
      if (!c->left && c->state == BODY) return done(c, now);
      if (!c->left) c->state = TRAILER, c->line_length = 0;
    } else { // CHUNK_SIZE, or TRAILER: the line end after a chunk
      if (*at != '\n') { if (*at != '\r' && c->line_length < 31) c->line[c->line_length++] = *at; at++; continue; }
      at++;
      c->line[c->line_length] = 0, c->line_length = 0;
      if (c->state == TRAILER) { c->state = CHUNK_SIZE; continue; }
      c->left = strtoul(c->line, 0, 16);
      if (c->left) c->state = CHUNK;
      else if (at < end + 1) { // the blank line after the last chunk comes with it
        return done(c, now);
      }
    }
  }
}

static void read_request(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) perror(path), exit(1);
  fseek(file, 0, SEEK_END);
  request = malloc(request_length = ftell(file));
  rewind(file);
  if (fread(request, 1, request_length, file) != request_length) exit(1);
}

int main(int count, char **args) {
  if (count < 6) return 1;
  struct rlimit files = {16384, 16384};
  setrlimit(RLIMIT_NOFILE, &files);
  is_rate = !strcmp(args[1], "rate"), is_stream = !strcmp(args[1], "stream");
  port = atoi(args[2]), connection_count = atoi(args[4]);
  read_request(args[3]);
  double seconds = atof(args[5]), rate = count > 6 ? atof(args[6]) : 0;
  calls = calloc(connection_count, sizeof *calls), idle = calloc(connection_count, sizeof *idle);
  waiting = malloc(sizeof *waiting * (size_t)((rate + 1) * (seconds + 2) * 2));
  poll_fd = epoll_create1(0);
  uint64_t start = now_ns(), due = start;
  window_start = start + 1000000000ull, window_end = window_start + (uint64_t)(seconds * 1e9);
  srand48(42);
  for (int i = 0; i < connection_count; i++) {
    calls[i].fd = -1;
    if (is_rate) idle[idle_count++] = i;
    else begin(&calls[i], now_ns());
  }
  static struct epoll_event events[512];
  static char bytes[1 << 17];
  for (uint64_t now; (now = now_ns()) < window_end;) {
    for (; is_rate && due <= now; due += (uint64_t)(-log(1 - drand48()) / rate * 1e9)) {
      if (idle_count) begin(&calls[idle[--idle_count]], due);
      else waiting[waiting_tail++] = due;
    }
    int ready = epoll_wait(poll_fd, events, 512, is_rate ? 0 : 10);
    for (int i = 0; i < ready; i++) {
      Call *c = &calls[events[i].data.u32];
      if (events[i].events & EPOLLOUT) send_rest(c);
      if (!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
      ssize_t got = read(c->fd, bytes, sizeof bytes - 1);
      if (got > 0) bytes[got] = 0, take(c, bytes, got, now_ns());
      else if (got == 0 || errno != EAGAIN) lost(c);
    }
  }
  printf("{\"completed\":%lu,\"perSecond\":%.1f,\"failed\":%lu,\"broken\":%lu,\"incomplete\":%lu,\"p50\":%.3f,\"p99\":%.3f,\"firstP50\":%.3f,\"chunkP99\":%.3f,\"chunks\":%zu}\n",
         completed, completed / seconds, failed, broken, incomplete, percentile(&latencies, .5), percentile(&latencies, .99), percentile(&first_tokens, .5), percentile(&chunk_delays, .99), chunk_delays.count);
}
