// Mock provider of chat completions for benches: one thread, epoll, HTTP/1.1 keep-alive, 127.0.0.1 only. Usage: upstream PORT
// GET /behave?first=MS&interval=MS&chunks=N sets how streams of new requests go; GET /counts tells requests, chunks and open streams.
// Each streamed chunk carries the monotonic time at which it was written, as "@T<nanoseconds>@".
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

enum { CONNECTIONS_MAX = 16384, HEAD_AND_BODY_MAX = 1 << 20 };
typedef struct {
  char *received;
  size_t length, capacity;
  int streaming, slot; // slot: position in `streams`
  long sent, chunks, interval;
  uint64_t due;
} Connection;

static Connection connections[CONNECTIONS_MAX];
static int streams[CONNECTIONS_MAX], open_streams;
static long first_ms = 20, interval_ms = 10, chunk_count = 100;
static unsigned long requests, chunks_written;
static char json_answer[4096], out[8192], payload[4096];
static int poll_fd;

#define CHUNK "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":["

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void build_answer(void) {
  char body[2048];
  int n = sprintf(body, "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"");
  for (int i = 0; i < 9; i++) n += sprintf(body + n, "Sentence number %d of a fixed answer of about one kilobyte in all.\\n", i);
  n += sprintf(body + n, "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":117,\"total_tokens\":142,\"prompt_tokens_details\":{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0}}}");
  sprintf(json_answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_bench\r\nopenai-version: 2020-10-01\r\nContent-Length: %d\r\n\r\n%s", n, body);
}

static void end_stream(int fd) {
  Connection *c = &connections[fd];
  if (!c->streaming) return;
  c->streaming = 0;
  streams[c->slot] = streams[--open_streams];
  connections[streams[c->slot]].slot = c->slot;
}
static void drop(int fd) {
  end_stream(fd);
  connections[fd].length = 0;
  close(fd);
}
// Benches send little at a time; a peer whose buffers are full is one that is not measured.
static int put(int fd, const char *bytes, size_t length) {
  if (send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length) return 1;
  drop(fd);
  return 0;
}
static int frame(char *to, int length) { return sprintf(to, "%x\r\n%s\r\n", length, payload); }

// Writes what is due on one stream; a late one does not burst.
static void step(int fd, uint64_t now) {
  Connection *c = &connections[fd];
  int n = 0, m;
  if (c->sent == 0) {
    n = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nx-request-id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n");
    m = sprintf(payload, CHUNK "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n");
    n += frame(out + n, m);
  } else if (c->sent <= c->chunks) {
    m = sprintf(payload, CHUNK "{\"index\":0,\"delta\":{\"content\":\" @T%llu@\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n", (unsigned long long)now);
    n = frame(out, m);
    chunks_written++;
  } else {
    m = sprintf(payload, CHUNK "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":null}\n\n");
    n = frame(out, m);
    m = sprintf(payload, CHUNK "],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":%ld,\"total_tokens\":%ld}}\n\n", c->chunks, c->chunks + 25);
    n += frame(out + n, m);
    m = sprintf(payload, "data: [DONE]\n\n");
    n += frame(out + n, m);
    n += sprintf(out + n, "0\r\n\r\n");
    end_stream(fd);
  }
  c->sent++;
  c->due = now + (uint64_t)c->interval * 1000000ull;
  put(fd, out, n);
}

static long query(const char *head, const char *name, long otherwise) {
  const char *at = strstr(head, name);
  return at ? atol(at + strlen(name)) : otherwise;
}
static void control(int fd, char *head) {
  first_ms = query(head, "first=", first_ms);
  interval_ms = query(head, "interval=", interval_ms);
  chunk_count = query(head, "chunks=", chunk_count);
  char body[128];
  int n = sprintf(body, "{\"requests\":%lu,\"chunks\":%lu,\"open\":%d}", requests, chunks_written, open_streams);
  n = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n, body);
  put(fd, out, n);
}

static void answer(int fd, const char *body, size_t length) {
  Connection *c = &connections[fd];
  requests++;
  if (!memmem(body, length, "\"stream\":true", 13)) {
    put(fd, json_answer, strlen(json_answer));
    return;
  }
  c->streaming = 1, c->slot = open_streams, c->sent = 0, c->chunks = chunk_count, c->interval = interval_ms;
  c->due = now_ns() + (uint64_t)first_ms * 1000000ull;
  streams[open_streams++] = fd;
}

// Size of a chunked body (as the plain proxy sends it) once it is complete, with its framing; 0 before.
static size_t chunked_size(const char *body) {
  const char *at = body;
  for (;;) {
    const char *line = strstr(at, "\r\n");
    if (!line) return 0;
    size_t size = strtoul(at, 0, 16);
    if (strlen(line + 2) < size + 2) return 0;
    at = line + 2 + size + 2;
    if (!size) return at - body;
  }
}

static void take(int fd) {
  Connection *c = &connections[fd];
  if (c->capacity < HEAD_AND_BODY_MAX) c->received = realloc(c->received, c->capacity = HEAD_AND_BODY_MAX);
  ssize_t got = read(fd, c->received + c->length, c->capacity - c->length - 1);
  if (got == 0 || (got < 0 && errno != EAGAIN)) return drop(fd);
  if (got < 0) return;
  c->received[c->length += got] = 0;
  char *end = strstr(c->received, "\r\n\r\n");
  if (!end || c->streaming) return;
  char *body = end + 4, *header = strcasestr(c->received, "\r\ncontent-length:");
  size_t size = 0;
  if (header && header < end) size = strtoul(header + 17, 0, 10);
  else if ((header = strcasestr(c->received, "\r\ntransfer-encoding:")) && header < end && !(size = chunked_size(body))) return;
  if (c->length < (size_t)(body - c->received) + size) return;
  c->length = 0; // clients of benches do not pipeline
  if (!strncmp(c->received, "GET ", 4)) control(fd, c->received);
  else answer(fd, body, size);
}

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
    if (fd >= CONNECTIONS_MAX) { close(fd); continue; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd].length = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int count, char **args) {
  struct rlimit files = {CONNECTIONS_MAX, CONNECTIONS_MAX};
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  build_answer();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(args[1]) : 9000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
  poll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[512];
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll_fd, events, 512, open_streams ? 1 : 1000);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == listener) accept_all(listener);
      else take(events[i].data.fd);
    }
    uint64_t now = now_ns();
    for (int i = open_streams - 1; i >= 0; i--)
      if (i < open_streams && connections[streams[i]].due <= now) step(streams[i], now_ns());
  }
}
