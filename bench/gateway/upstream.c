// Mock provider of chat completions and embeddings for benches: one thread, epoll, HTTP/1.1 keep-alive, 127.0.0.1 only. Usage: upstream PORT
// GET /behave?delay=MS&first=MS&interval=MS&chunks=N&pad=BYTES sets how new requests are answered: `delay` before a JSON answer, `first`
// before a stream's first chunk, `interval` between chunks (0: as fast as they are taken), `pad` more bytes in each. GET /counts tells
// requests, chunks written, bytes sent, calls that are open, and calls that the client left before their end.
// Each streamed chunk carries the monotonic time at which it was written, as "@T<16 digits of nanoseconds>@".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 16384, DIMENSIONS = 1536, FLOOD_BURST = 64 };
enum { IDLE, PENDING, STREAMING }; // PENDING: a JSON answer is due later
typedef struct {
  int open, state, watches_writing;
  unsigned call; // counts up, so that a timer of an earlier call is recognised
  char *received, *unsent;
  size_t length, capacity, unsent_at, unsent_length, unsent_capacity;
  const char *answer;
  size_t answer_length;
  long sent, chunks, interval, pad;
} Connection;

static Connection connections[CONNECTIONS_MAX];
static long delay_ms, first_ms = 20, interval_ms = 10, chunk_count = 100, pad_bytes;
static unsigned long requests, chunks_written, bytes_sent, calls_left;
static int open_calls, poll_fd;
static char chat_answer[8192], embedding_answer[DIMENSIONS * 16 + 2048], out[1 << 17], payload[1 << 16];
static size_t chat_length, embedding_length;

#define HEADERS \
  "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nopenai-version: 2020-10-01\r\nopenai-processing-ms: 20\r\n" \
  "x-request-id: req_bench\r\nx-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n" \
  "x-ratelimit-limit-tokens: 2000000\r\nx-ratelimit-remaining-tokens: 1999000\r\n"
#define CHUNK "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":["

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

// Timers: a heap by due time.
typedef struct { uint64_t due; int fd; unsigned call; } Timer;
static Timer *timers;
static size_t timer_count, timer_capacity;
static void add_timer(uint64_t due, int fd) {
  if (timer_count == timer_capacity) timers = realloc(timers, (timer_capacity = timer_capacity ? timer_capacity * 2 : 4096) * sizeof *timers);
  size_t at = timer_count++;
  for (size_t parent; at && timers[parent = (at - 1) / 2].due > due; at = parent) timers[at] = timers[parent];
  timers[at] = (Timer){due, fd, connections[fd].call};
}
static Timer take_timer(void) {
  Timer first = timers[0], last = timers[--timer_count];
  size_t at = 0;
  for (size_t child; (child = 2 * at + 1) < timer_count; at = child) {
    if (child + 1 < timer_count && timers[child + 1].due < timers[child].due) child++;
    if (timers[child].due >= last.due) break;
    timers[at] = timers[child];
  }
  timers[at] = last;
  return first;
}

static void build_answers(void) {
  char *body = malloc(sizeof embedding_answer);
  int n = sprintf(body, "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"");
  for (int i = 0; i < 9; i++) n += sprintf(body + n, "Sentence number %d of a fixed answer of about one kilobyte in all.\\n", i);
  n += sprintf(body + n, "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":117,\"total_tokens\":142,\"prompt_tokens_details\":{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0}}}");
  chat_length = sprintf(chat_answer, HEADERS "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n, body);
  n = sprintf(body, "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[");
  for (int i = 0; i < DIMENSIONS; i++) n += sprintf(body + n, "%s%.8f", i ? "," : "", (i * 2654435761u % 100000) / 1e6 - 0.05);
  n += sprintf(body + n, "]}],\"model\":\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}");
  embedding_length = sprintf(embedding_answer, HEADERS "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n, body);
  free(body);
}

static void watch(int fd, int operation, int writing) {
  connections[fd].watches_writing = writing;
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (writing ? EPOLLOUT : 0), .data.fd = fd};
  epoll_ctl(poll_fd, operation, fd, &event);
}
static void end_call(int fd) {
  if (connections[fd].state != IDLE) open_calls--;
  connections[fd].state = IDLE;
  connections[fd].call++;
}
static void drop(int fd) {
  if (connections[fd].state != IDLE) calls_left++;
  end_call(fd);
  Connection *c = &connections[fd];
  c->open = c->length = c->unsent_at = c->unsent_length = 0;
  close(fd);
}
static int is_blocked(const Connection *c) { return c->unsent_length > c->unsent_at; }

/** Sends, or keeps what the peer does not take. */
static void put(int fd, const char *bytes, size_t length) {
  Connection *c = &connections[fd];
  if (!is_blocked(c)) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return drop(fd);
    if (sent > 0) bytes += sent, length -= sent, bytes_sent += sent;
    c->unsent_at = c->unsent_length = 0;
  }
  if (!length) return;
  if (c->unsent_length + length > c->unsent_capacity) c->unsent = realloc(c->unsent, c->unsent_capacity = (c->unsent_length + length) * 2);
  memcpy(c->unsent + c->unsent_length, bytes, length);
  c->unsent_length += length;
  if (!c->watches_writing) watch(fd, EPOLL_CTL_MOD, 1);
}

static int frame(char *to, int length) { return sprintf(to, "%x\r\n%.*s\r\n", length, length, payload); }
static int last_frames(char *to, long chunks) {
  int n = frame(to, sprintf(payload, CHUNK "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"));
  n += frame(to + n, sprintf(payload, CHUNK "],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":%ld,\"total_tokens\":%ld}}\n\n", chunks, chunks + 25));
  n += frame(to + n, sprintf(payload, "data: [DONE]\n\n"));
  return n + sprintf(to + n, "0\r\n\r\n");
}
static int content_frame(char *to, long pad) {
  int m = sprintf(payload, CHUNK "{\"index\":0,\"delta\":{\"content\":\" @T%016llu@", (unsigned long long)now_ns());
  memset(payload + m, 'x', pad);
  m += pad;
  return frame(to, m + sprintf(payload + m, "\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"));
}

/** Writes what is due on one stream: the head and the role, a chunk, or the end. */
static void step(int fd) {
  Connection *c = &connections[fd];
  int n = 0;
  if (c->sent == 0) {
    n = sprintf(out, HEADERS "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
    n += frame(out + n, sprintf(payload, CHUNK "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"));
    c->sent = 1;
  }
  if (c->sent <= c->chunks) n += content_frame(out + n, c->pad), chunks_written++;
  else n += last_frames(out + n, c->chunks), end_call(fd);
  c->sent++;
  put(fd, out, n);
}
/** A stream that is late does not burst; one whose peer does not read goes on when it has read. */
static void continue_stream(int fd) {
  Connection *c = &connections[fd];
  for (int i = c->interval > 0 ? 1 : FLOOD_BURST; i > 0 && c->state == STREAMING && !is_blocked(c); i--) step(fd);
  if (c->state == STREAMING && !is_blocked(c)) add_timer(now_ns() + (uint64_t)c->interval * 1000000ull, fd);
}
static void fire(Timer timer) {
  Connection *c = &connections[timer.fd];
  if (!c->open || c->call != timer.call) return;
  if (c->state == STREAMING) return continue_stream(timer.fd);
  end_call(timer.fd);
  put(timer.fd, c->answer, c->answer_length);
}

static long query(const char *head, const char *name, long otherwise) {
  const char *at = strstr(head, name);
  return at ? atol(at + strlen(name)) : otherwise;
}
static void control(int fd, char *head) {
  *strstr(head, "\r\n") = 0;
  delay_ms = query(head, "delay=", delay_ms), first_ms = query(head, "first=", first_ms), interval_ms = query(head, "interval=", interval_ms);
  chunk_count = query(head, "chunks=", chunk_count), pad_bytes = query(head, "pad=", pad_bytes);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  int n = sprintf(payload, "{\"requests\":%lu,\"chunks\":%lu,\"bytes\":%lu,\"open\":%d,\"left\":%lu,\"cpuSeconds\":%.3f}", requests, chunks_written, bytes_sent, open_calls, calls_left, cpu);
  put(fd, out, sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n, payload));
}

/** `"stream":true`, with or without white space; in texts of a request the quotes are escaped. */
static int asks_for_stream(const char *body, size_t length) {
  const char *end = body + length;
  for (const char *at = body; (at = memmem(at, end - at, "\"stream\"", 8));) {
    for (at += 8; at < end && (*at == ' ' || *at == ':'); at++);
    if (at < end && *at == 't') return 1;
  }
  return 0;
}
static void answer(int fd, const char *head, const char *body, size_t length) {
  Connection *c = &connections[fd];
  int embedding = !!memmem(head, body - head < 200 ? body - head : 200, "embeddings", 10);
  requests++, open_calls++, c->call++, c->sent = 0, c->chunks = chunk_count, c->interval = interval_ms, c->pad = pad_bytes;
  c->answer = embedding ? embedding_answer : chat_answer, c->answer_length = embedding ? embedding_length : chat_length;
  c->state = !embedding && asks_for_stream(body, length) ? STREAMING : PENDING;
  long wait_ms = c->state == STREAMING ? first_ms : delay_ms;
  if (wait_ms > 0) return add_timer(now_ns() + (uint64_t)wait_ms * 1000000ull, fd);
  fire((Timer){0, fd, c->call});
}

/** Size of a chunked body with its framing once it is complete; 0 before. */
static size_t chunked_size(const char *body, size_t length) {
  for (size_t at = 0;;) {
    const char *line_end = memmem(body + at, length - at, "\r\n", 2);
    if (!line_end) return 0;
    size_t size = strtoul(body + at, 0, 16);
    at = line_end - body + 2 + size + 2;
    if (at > length) return 0;
    if (!size) return at;
  }
}
static void take(int fd) {
  Connection *c = &connections[fd];
  if (c->capacity - c->length < 65536) c->received = realloc(c->received, c->capacity = c->capacity ? c->capacity * 2 : 131072);
  ssize_t got = read(fd, c->received + c->length, c->capacity - c->length - 1);
  if (got == 0 || (got < 0 && errno != EAGAIN)) return drop(fd);
  if (got < 0) return;
  c->received[c->length += got] = 0;
  char *end = memmem(c->received, c->length, "\r\n\r\n", 4);
  if (!end || c->state != IDLE) return;
  char *body = end + 4, *header;
  size_t size = 0, head_length = body - c->received;
  *end = 0; // heads are searched as text
  int chunked = !!strcasestr(c->received, "\r\ntransfer-encoding:");
  if (!chunked && (header = strcasestr(c->received, "\r\ncontent-length:"))) size = strtoul(header + 17, 0, 10);
  *end = '\r';
  if (chunked && !(size = chunked_size(body, c->length - head_length))) return;
  if (c->length < head_length + size) return;
  c->length = 0; // clients of benches do not pipeline
  if (!strncmp(c->received, "GET ", 4)) control(fd, c->received);
  else answer(fd, c->received, body, size);
}
/** The peer has read: the rest of what was kept, then the stream goes on. */
static void resume(int fd) {
  Connection *c = &connections[fd];
  ssize_t sent = send(fd, c->unsent + c->unsent_at, c->unsent_length - c->unsent_at, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return drop(fd);
  if (sent > 0) c->unsent_at += sent, bytes_sent += sent;
  if (is_blocked(c)) return;
  watch(fd, EPOLL_CTL_MOD, 0);
  if (c->state == STREAMING) continue_stream(fd);
}

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
    if (fd >= CONNECTIONS_MAX) { close(fd); continue; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd].open = 1;
    watch(fd, EPOLL_CTL_ADD, 0);
  }
}
static void wait_for(struct epoll_event *events, int listener) {
  uint64_t now = now_ns(), left = !timer_count ? 1000000000ull : timers[0].due > now ? timers[0].due - now : 0;
  struct timespec timeout = {left / 1000000000ull, left % 1000000000ull};
  int ready = epoll_pwait2(poll_fd, events, 512, &timeout, 0);
  for (int i = 0; i < ready; i++) {
    int fd = events[i].data.fd;
    if (fd == listener) accept_all(listener);
    else if (events[i].events & (EPOLLERR | EPOLLHUP)) drop(fd);
    else {
      if (events[i].events & EPOLLOUT) resume(fd);
      if (connections[fd].open && events[i].events & (EPOLLIN | EPOLLRDHUP)) take(fd);
    }
  }
}

int main(int count, char **args) {
  struct rlimit files = {CONNECTIONS_MAX, CONNECTIONS_MAX};
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  build_answers();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(args[1]) : 9000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
  poll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[512];
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    wait_for(events, listener);
    for (uint64_t now = now_ns(); timer_count && timers[0].due <= now;) fire(take_timer());
  }
}
