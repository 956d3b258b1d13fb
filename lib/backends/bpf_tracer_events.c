// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events, from the ring buffer that the programs write them into. */
#include "bpf_tracer.h"

#include <errno.h>
#include <poll.h>

#include <bpf/libbpf.h>

/* That are handed on at a time: the caller has other things to look after. */
#define MAX_EVENTS 4096

static int take_event(void *state, void *data, size_t size)
{
	struct taker *taker = &((struct tracer_state *)state)->taker;

	if (size >= sizeof(struct shootdown_event))
		taker->take(taker->arg, data);
	return ++taker->nr < MAX_EVENTS ? 0 : -E2BIG;
}

int tracer_open_events(struct tracer_state *tracer)
{
	tracer->events = ring_buffer__new(tracer->build.maps[TRACER_MAP_EVENTS], take_event, tracer, NULL);
	return tracer->events ? 0 : -errno;
}

int tracer_fd(void *state)
{
	return ring_buffer__epoll_fd(((struct tracer_state *)state)->events);
}

void tracer_close_events(struct tracer_state *tracer)
{
	ring_buffer__free(tracer->events);
}

int tracer_poll(void *state, int timeout_ms, void (*take)(void *arg, const struct shootdown_event *event), void *arg)
{
	struct tracer_state *tracer = state;
	struct pollfd ring = { .fd = tracer_fd(state), .events = POLLIN };
	int err;

	tracer->taker = (struct taker){ .take = take, .arg = arg };
	if (poll(&ring, 1, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	err = ring_buffer__consume(tracer->events);
	return err < 0 && err != -E2BIG ? err : (int)tracer->taker.nr;
}
