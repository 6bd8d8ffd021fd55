// Load client for benches: one thread, epoll, HTTP/1.1 keep-alive, 127.0.0.1 only. Prints one JSON line of what it saw; times in ms.
//   load MODE port=N request=FILE connections=N seconds=S [warm=S] [rate=N] [ramp=N] [bytes=N] [wait=MS] [chunks=N]
// saturate: closed loop on every connection · rate: open loop, `rate` Poisson arrivals a second, latency from the moment a request was due ·
// stream: concurrent streams, `ramp` begun a second, each begun anew when it ends; `chunks` is what a whole one has ·
// slow: streams that are read `bytes` at a time, ten times a second · leave: streams that are left at their first chunk, or after `wait`.
// The window that is measured begins after `warm`; the request file is a whole HTTP request.
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IDLE, HEAD, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, TO_END };
enum { TIME_DIGITS = 16, LATE_MS = 50, READ_MAX = 1 << 18 };
typedef struct {
  int fd, state, status, closes, watches_writing, first_seen;
  size_t sent, left, head_length, line_length;
  long chunks;
  uint64_t due, written_at; // written_at: the time in a chunk, as far as it was read
  int mark; // 0 none, 1 after "@", 2 and more: digits of the time
  char head[8192], line[32], tail[8];
} Call;
typedef struct { uint64_t *values; size_t count, capacity; } Samples;

static Call *calls;
static char *request, first_error[256];
static size_t request_length;
static int *idle, idle_count, poll_fd, is_rate, is_stream, is_slow;
static uint64_t *waiting, window_start, window_end;
static size_t waiting_head, waiting_tail, waiting_max;
static unsigned long completed, failed, broken, incomplete, chunks_in_time, bytes_read;
static long port, connection_count, whole_chunks;
static Samples latencies, first_tokens, chunk_delays;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}
static int in_window(uint64_t now) { return now >= window_start && now < window_end; }
static void add(Samples *s, uint64_t value) {
  if (s->count == s->capacity) s->values = realloc(s->values, (s->capacity = s->capacity ? s->capacity * 2 : 65536) * 8);
  s->values[s->count++] = value;
}
static int ascending(const void *a, const void *b) { return *(uint64_t *)a < *(uint64_t *)b ? -1 : *(uint64_t *)a > *(uint64_t *)b; }

static void watch(Call *c, int operation, int writing) {
  c->watches_writing = writing;
  struct epoll_event event = {.events = (is_slow ? 0 : EPOLLIN) | (writing ? EPOLLOUT : 0), .data.u32 = c - calls};
  epoll_ctl(poll_fd, operation, c->fd, &event);
}
static void send_rest(Call *c) {
  ssize_t sent = send(c->fd, request + c->sent, request_length - c->sent, MSG_NOSIGNAL);
  if (sent > 0) c->sent += sent;
  int writing = c->sent < request_length;
  if (writing != c->watches_writing) watch(c, EPOLL_CTL_MOD, writing);
}
static void begin(Call *c, uint64_t due) {
  c->state = HEAD, c->head_length = c->line_length = c->sent = c->mark = c->chunks = c->first_seen = 0, c->due = due;
  memset(c->tail, 0, sizeof c->tail);
  if (c->fd < 0) {
    int on = 1, small = 4096;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (is_slow) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    connect(c->fd, (void *)&address, sizeof address);
    return watch(c, EPOLL_CTL_ADD, 1);
  }
  send_rest(c);
}
static void next(Call *c) {
  c->state = IDLE;
  if (now_ns() >= window_end) return;
  if (!is_rate) begin(c, now_ns());
  else if (waiting_head < waiting_tail) begin(c, waiting[waiting_head++]);
  else idle[idle_count++] = c - calls;
}
static void note(const char *what) {
  if (*first_error) return;
  snprintf(first_error, sizeof first_error, "%s", what);
  for (char *at = first_error; *at; at++)
    if (*at == '"' || *at == '\\' || (unsigned char)*at < 32) *at = ' ';
}
static void hang_up(Call *c) {
  close(c->fd);
  c->fd = -1;
}
static void done(Call *c, uint64_t now) {
  if (c->status != 200) note(c->head);
  // An open loop's call counts where it was due: slow ones must not drop out at the end.
  if (in_window(is_rate ? c->due : now)) {
    if (c->status == 200) completed++, add(&latencies, now - c->due);
    else failed++;
  }
  if (is_stream && c->status == 200 && (memcmp(c->tail, "[DONE]\n\n", 8) || (whole_chunks && c->chunks != whole_chunks))) incomplete++;
  if (c->closes) hang_up(c);
  next(c);
}
/** The peer closed. */
static void lost(Call *c, uint64_t now) {
  int was = c->state;
  if (was == TO_END) return c->closes = 1, done(c, now);
  hang_up(c);
  if (was == IDLE) return;
  if (now < window_end) broken++, note("connection closed by the target");
  if (broken < 10000) next(c);
}

/** Looks for the times in streamed chunks, wherever reads split them, and keeps the last bytes, where [DONE] must be. */
static void look_at(Call *c, const char *at, size_t length, uint64_t now) {
  bytes_read += length;
  if (!is_stream) return;
  if (length >= 8) memcpy(c->tail, at + length - 8, 8);
  else memmove(c->tail, c->tail + length, 8 - length), memcpy(c->tail + 8 - length, at, length);
  for (const char *end = at + length; at < end;) {
    if (c->mark == 0 && !(at = memchr(at, '@', end - at))) return;
    char byte = *at++;
    if (c->mark == 0) c->mark = 1;
    else if (c->mark == 1) c->mark = byte == 'T' ? 2 : byte == '@', c->written_at = 0;
    else if (byte >= '0' && byte <= '9' && c->mark < 2 + TIME_DIGITS) c->written_at = c->written_at * 10 + byte - '0', c->mark++;
    else {
      if (byte == '@' && c->mark == 2 + TIME_DIGITS) {
        c->chunks++;
        uint64_t delay = now > c->written_at ? now - c->written_at : 0;
        if (in_window(now)) add(&chunk_delays, delay), chunks_in_time += delay <= LATE_MS * 1000000ull;
        if (in_window(now) && !c->first_seen) add(&first_tokens, now - c->due);
        c->first_seen = 1;
      }
      c->mark = 0;
    }
  }
}

static void read_head(Call *c) {
  c->head[c->head_length] = 0;
  c->status = atoi(c->head + 9);
  c->closes = !!strcasestr(c->head, "\r\nconnection: close");
  char *length = strcasestr(c->head, "\r\ncontent-length:");
  if (strcasestr(c->head, "\r\ntransfer-encoding: chunked")) c->state = CHUNK_SIZE, c->line_length = 0;
  else if (length) c->left = strtoul(length + 17, 0, 10), c->state = BODY;
  else c->state = TO_END;
}
/** One byte of a line between chunks; true at the line's end. */
static int line_ends(Call *c, char byte) {
  if (byte == '\n') return c->line[c->line_length] = 0, 1;
  if (byte != '\r' && c->line_length < sizeof c->line - 1) c->line[c->line_length++] = byte;
  return 0;
}
static void take(Call *c, const char *at, size_t length, uint64_t now) {
  for (const char *end = at + length; at < end && c->state != IDLE;) {
    if (c->state == HEAD) {
      c->head[c->head_length++] = *at++;
      if (c->head_length >= 4 && !memcmp(c->head + c->head_length - 4, "\r\n\r\n", 4)) {
        read_head(c);
        if (c->state == BODY && !c->left) return done(c, now);
      } else if (c->head_length == sizeof c->head - 1) return lost(c, now);
    } else if (c->state == BODY || c->state == CHUNK || c->state == TO_END) {
      size_t part = c->state == TO_END || (size_t)(end - at) < c->left ? (size_t)(end - at) : c->left;
      look_at(c, at, part, now);
      at += part;
      if (c->state == TO_END) continue;
      c->left -= part;
      if (!c->left && c->state == BODY) return done(c, now);
      if (!c->left) c->state = CHUNK_END, c->line_length = 0;
    } else {
      if (!line_ends(c, *at++)) continue;
      size_t line_length = c->line_length;
      c->line_length = 0;
      if (c->state == CHUNK_END) c->state = CHUNK_SIZE;
      else if (c->state == CHUNK_SIZE) c->left = strtoul(c->line, 0, 16), c->state = c->left ? CHUNK : TRAILER;
      else if (!line_length) return done(c, now);
    }
  }
}
static void receive(Call *c, size_t bytes_max) {
  static char bytes[READ_MAX];
  ssize_t got = read(c->fd, bytes, bytes_max);
  if (got > 0 && !is_slow) take(c, bytes, got, now_ns());
  else if (got > 0) bytes_read += got;
  else if (got == 0 || errno != EAGAIN) lost(c, now_ns());
}
static void poll_until(uint64_t due) {
  static struct epoll_event events[512];
  uint64_t now = now_ns(), left = due > now ? due - now : 0;
  struct timespec timeout = {left / 1000000000ull, left % 1000000000ull};
  int ready = epoll_pwait2(poll_fd, events, 512, &timeout, 0);
  for (int i = 0; i < ready; i++) {
    Call *c = &calls[events[i].data.u32];
    if (c->fd >= 0 && events[i].events & EPOLLOUT) send_rest(c);
    if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c, READ_MAX);
  }
}

static void saturate(void) {
  for (int i = 0; i < connection_count; i++) begin(&calls[i], now_ns());
  while (now_ns() < window_end) poll_until(window_end);
}
static int any_busy(void) {
  for (int i = 0; i < connection_count; i++)
    if (calls[i].state != IDLE) return 1;
  return 0;
}
/** After the window the calls under way are awaited, for three seconds at most. */
static void arrive(double rate, uint64_t begin_at) {
  srand48(42);
  for (int i = connection_count - 1; i >= 0; i--) idle[idle_count++] = i;
  waiting = malloc(sizeof *waiting * (size_t)((window_end - begin_at) / 1e9 * rate * 2 + 1000));
  for (uint64_t now, due = begin_at; (now = now_ns()) < window_end; poll_until(due < window_end ? due : window_end)) {
    for (; due <= now; due += (uint64_t)(-log(1 - drand48()) / rate * 1e9)) {
      if (idle_count) begin(&calls[idle[--idle_count]], due);
      else waiting[waiting_tail++] = due;
    }
    if (waiting_tail - waiting_head > waiting_max) waiting_max = waiting_tail - waiting_head;
  }
  for (uint64_t now, end = window_end + 3000000000ull; (now = now_ns()) < end && any_busy();) poll_until(now + 5000000);
}
static void stream(double ramp, uint64_t begin_at) {
  long begun = 0;
  for (uint64_t now; (now = now_ns()) < window_end; poll_until(begun < connection_count ? now + 1000000 : window_end))
    for (long due = (now - begin_at) / 1e9 * ramp + 1; begun < due && begun < connection_count;) begin(&calls[begun++], now_ns());
}
static void read_slowly(double ramp, size_t bytes, uint64_t begin_at) {
  long begun = 0;
  for (uint64_t now, read_at = begin_at; (now = now_ns()) < window_end; poll_until(now + 2000000)) {
    for (long due = (now - begin_at) / 1e9 * ramp + 1; begun < due && begun < connection_count;) begin(&calls[begun++], now_ns());
    if (now < read_at) continue;
    read_at += 100000000ull;
    for (long i = 0; i < begun; i++)
      if (calls[i].fd >= 0) receive(&calls[i], bytes);
  }
}
static void leave(uint64_t wait_ns) {
  for (int i = 0; i < connection_count; i++) begin(&calls[i], now_ns());
  long firsts = 0;
  for (uint64_t now, end = now_ns() + wait_ns; (now = now_ns()) < end && firsts < connection_count;) {
    poll_until(now + 5000000);
    firsts = 0;
    for (int i = 0; i < connection_count; i++) firsts += calls[i].first_seen;
  }
  for (int i = 0; i < connection_count; i++)
    if (calls[i].fd >= 0) hang_up(&calls[i]), completed++;
}

static void read_request(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) perror(path), exit(1);
  fseek(file, 0, SEEK_END);
  request = malloc(request_length = ftell(file));
  rewind(file);
  if (fread(request, 1, request_length, file) != request_length) exit(1);
}
static const char *option(char **args, const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (; *args; args++)
    if (!strncmp(*args, name, length) && (*args)[length] == '=') return *args + length + 1;
  return otherwise;
}
static double number(char **args, const char *name) { return atof(option(args, name, "0")); }

static void print_percentiles(const char *name, Samples *s) {
  qsort(s->values, s->count, 8, ascending);
  double p50 = s->count ? s->values[(s->count - 1) / 2] / 1e6 : -1, p99 = s->count ? s->values[(size_t)((s->count - 1) * .99)] / 1e6 : -1;
  printf("\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p99\":%.3f},", name, s->count, p50, p99);
}
static void print(double seconds) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf("{\"completed\":%lu,\"perSecond\":%.1f,\"failed\":%lu,\"broken\":%lu,\"incomplete\":%lu,\"waitingMax\":%zu,\"bytesRead\":%lu,", completed, completed / seconds, failed, broken, incomplete, waiting_max, bytes_read);
  print_percentiles("latency", &latencies);
  print_percentiles("firstToken", &first_tokens);
  print_percentiles("chunkDelay", &chunk_delays);
  printf("\"chunksPerSecond\":%.1f,\"chunksInTimePerSecond\":%.1f,\"cpuSeconds\":%.3f,\"firstError\":\"%s\"}\n", chunk_delays.count / seconds, chunks_in_time / seconds, cpu, first_error);
}

int main(int count, char **args) {
  if (count < 5) return fputs("usage: load MODE port=N request=FILE connections=N seconds=S …\n", stderr), 1;
  struct rlimit files = {16384, 16384};
  setrlimit(RLIMIT_NOFILE, &files);
  const char *mode = args[1];
  int is_leave = !strcmp(mode, "leave");
  is_rate = !strcmp(mode, "rate"), is_slow = !strcmp(mode, "slow"), is_stream = is_leave || !strcmp(mode, "stream");
  port = number(args, "port"), connection_count = number(args, "connections"), whole_chunks = number(args, "chunks");
  read_request(option(args, "request", ""));
  calls = calloc(connection_count, sizeof *calls), idle = calloc(connection_count, sizeof *idle);
  for (int i = 0; i < connection_count; i++) calls[i].fd = -1;
  poll_fd = epoll_create1(0);
  double seconds = number(args, "seconds");
  uint64_t start = now_ns();
  window_start = start + (uint64_t)(number(args, "warm") * 1e9), window_end = window_start + (uint64_t)(seconds * 1e9);
  if (is_leave) window_end = start + 60000000000ull, leave((uint64_t)(number(args, "wait") * 1e6));
  else if (is_rate) arrive(number(args, "rate"), start);
  else if (is_slow) read_slowly(number(args, "ramp"), number(args, "bytes"), start);
  else if (is_stream) stream(number(args, "ramp"), start);
  else saturate();
  print(seconds > 0 ? seconds : 1);
}
