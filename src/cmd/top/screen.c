#include "cmd/top/screen.h"

#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "cmd/command.h"
#include "cmd/top/look.h"
#include "cmd/top/watch.h"
#include "view/tui/tui.h"

/* How long a lone Escape is waited for, as it also begins the sequences of other keys. */
#define ESCAPE_MS 25

/* The ledger and limits of the process that is looked at are read no more often than this. */
#define LEDGER_EVERY_MS 10000
#define LIMITS_EVERY_MS 2000

#define TRY_AGAIN_MIN_MS 20

#define EMPTY_READS_MAX 1000

enum handle {
	HANDLE_TICK,
	HANDLE_TRY,
	HANDLE_KEYS,
	HANDLE_PARENT,
	HANDLE_SIGNALS,
};

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))
#define HANDLE_COUNT (HANDLE_SIGNALS + SIGNAL_COUNT)

struct screen {
	const struct nm_top_options *options;
	struct nm_top_guard *guard;
	SCREEN *terminal;
	struct nm_canvas canvas;
	struct nm_tui_model model;
	struct nm_tui_state state;
	struct nm_top_watch watch;
	struct nm_top_looks looks;

	/* Of the process that is looked at. */
	struct nm_roster_row subject_row;
	struct nm_limits limits;
	int64_t limits_ms;
	struct nm_ledger ledger;
	int64_t ledger_asked_ms;
	struct nm_error ledger_err;
	struct nm_classes classes;
	struct nm_error classes_err;

	struct nm_system system;
	unsigned empty_reads; /* in which there was no key, one after the other */
	uv_loop_t loop;
	union uv_any_handle handles[HANDLE_COUNT];
	bool is_open[HANDLE_COUNT];
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void stop(struct screen *screen)
{
	for (size_t i = 0; i < HANDLE_COUNT; i++)
		if (screen->is_open[i] && !uv_is_closing(&screen->handles[i].handle))
			uv_close(&screen->handles[i].handle, NULL);
}

/* ---- drawing ------------------------------------------------------------------------------- */

/* Everything is drawn anew into memory; only what differs goes to the terminal. */
static void draw(struct screen *screen)
{
	if (!screen->guard->shared->is_drawing)
		return;
	screen->model.now_ms = now_ms();
	getmaxyx(stdscr, screen->canvas.rows, screen->canvas.columns);
	werase(stdscr);
	nm_tui_draw(&screen->canvas, &screen->model, &screen->state);
	wnoutrefresh(stdscr);
	doupdate();
}

/* ---- the process that is looked at --------------------------------------------------------- */

static void forget_subject(struct screen *screen)
{
	nm_limits_done(&screen->limits);
	nm_ledger_done(&screen->ledger);
	nm_classes_done(&screen->classes);
	memset(&screen->limits, 0, sizeof(screen->limits));
	memset(&screen->ledger, 0, sizeof(screen->ledger));
	memset(&screen->classes, 0, sizeof(screen->classes));
	memset(&screen->model.subject, 0, sizeof(screen->model.subject));
	screen->limits_ms = screen->ledger_asked_ms = 0;
	screen->ledger_err.code = screen->classes_err.code = NM_OK;
}

static void read_limits(struct screen *screen, struct nm_top_process *process)
{
	struct nm_target *target = nm_top_watch_target(&screen->watch, process->pid);
	const int64_t now = now_ms();
	struct nm_limits limits;

	if (!target || llabs(now - screen->limits_ms) < LIMITS_EVERY_MS ||
	    nm_limits_read(target, &process->sample, &limits, NULL) != NM_OK)
		return;
	screen->limits_ms = now;
	nm_limits_done(&screen->limits);
	screen->limits = limits;
	screen->model.subject.limits = &screen->limits;
}

static void ask_for_ledger(struct screen *screen, const struct nm_top_process *process)
{
	const int64_t now = now_ms();

	if (screen->state.page != NM_TUI_OVERVIEW || process->has_ended || process->problem[0] ||
	    llabs(now - screen->ledger_asked_ms) < LEDGER_EVERY_MS)
		return;
	if (nm_top_look(&screen->looks, NM_TOP_LEDGER, &process->info, process->sample.rss))
		screen->ledger_asked_ms = now;
}

static void refresh_subject(struct screen *screen)
{
	struct nm_tui_subject *subject = &screen->model.subject;
	struct nm_top_process *process =
		screen->state.opened ? nm_top_watch_find(&screen->watch, screen->state.opened)
				     : NULL;

	subject->row = NULL;
	if (!process)
		return;
	subject->has_ended = process->has_ended;
	if (!process->has_ended && !process->problem[0]) {
		read_limits(screen, process);
		nm_follow_forecast(&process->follow, &process->forecast);
		ask_for_ledger(screen, process);
	}
	nm_top_watch_row(process, &screen->subject_row);
	subject->row = &screen->subject_row;
}

/* The result of a thread. It may be of a process that is not looked at any more. */
static void take_ledger(struct screen *screen, struct nm_top_look_result *result)
{
	struct nm_tui_subject *subject = &screen->model.subject;

	screen->ledger_err = result->err;
	subject->ledger_problem = result->status == NM_OK ? NULL : screen->ledger_err.message;
	if (result->status != NM_OK)
		return;
	nm_ledger_done(&screen->ledger);
	screen->ledger = result->ledger;
	memset(&result->ledger, 0, sizeof(result->ledger));
	subject->ledger = &screen->ledger;
	subject->ledger_ms = now_ms();
}

static void take_classes(struct screen *screen, struct nm_top_look_result *result)
{
	struct nm_tui_subject *subject = &screen->model.subject;

	screen->classes_err = result->err;
	subject->is_taking = false;
	subject->classes_problem = result->status == NM_OK ? NULL : screen->classes_err.message;
	if (result->status != NM_OK)
		return;
	nm_classes_done(&screen->classes);
	screen->classes = result->classes;
	memset(&result->classes, 0, sizeof(result->classes));
	subject->classes = &screen->classes;
	subject->classes_ms = now_ms();
}

static void on_looked(void *context, struct nm_top_look_result *result)
{
	struct screen *screen = context;
	const struct nm_roster_row *row = screen->model.subject.row;

	if (!row || row->info->pid != result->pid || row->info->started_ms != result->started_ms)
		return;
	if (result->kind == NM_TOP_LEDGER)
		take_ledger(screen, result);
	else
		take_classes(screen, result);
	draw(screen);
}

/* ---- rounds -------------------------------------------------------------------------------- */

/* Rows have changed, or ended: whatever points to them is made anew. */
static void take_over(struct screen *screen)
{
	screen->model.rows = screen->watch.rows;
	screen->model.count = screen->watch.count;
	screen->model.hidden = screen->watch.family.hidden;
	nm_tui_arrange(&screen->state, &screen->model);
	refresh_subject(screen);
}

static void on_try(uv_timer_t *timer);

static void try_soon(struct screen *screen, uint64_t wait_ms)
{
	if (wait_ms > 0 && !uv_is_closing(&screen->handles[HANDLE_TRY].handle))
		uv_timer_start(&screen->handles[HANDLE_TRY].timer, on_try,
			       wait_ms > TRY_AGAIN_MIN_MS ? wait_ms : TRY_AGAIN_MIN_MS, 0);
}

static void on_try(uv_timer_t *timer)
{
	struct screen *screen = timer->loop->data;
	const uint64_t wait = nm_top_watch_try(&screen->watch);

	take_over(screen);
	draw(screen);
	try_soon(screen, wait);
}

static void on_tick(uv_timer_t *timer)
{
	struct screen *screen = timer->loop->data;

	/* What could not be found now may be in the next round. */
	nm_top_watch_round(&screen->watch, NULL);
	screen->model.is_looking = false;
	screen->model.system =
		nm_system_read(0, &screen->system, NULL) == NM_OK ? &screen->system : NULL;
	take_over(screen);
	draw(screen);
	try_soon(screen, nm_top_watch_try(&screen->watch));
}

/* ---- keys ---------------------------------------------------------------------------------- */

static void open_subject(struct screen *screen)
{
	forget_subject(screen);
	nm_top_watch_keep(&screen->watch, screen->state.opened);
	take_over(screen);
}

static void take_histogram(struct screen *screen)
{
	const struct nm_roster_row *row = screen->model.subject.row;

	if (row && nm_top_look(&screen->looks, NM_TOP_CLASSES, row->info, row->sample->rss))
		screen->model.subject.is_taking = true;
}

static void grant(struct screen *screen, enum nm_tui_wish wish)
{
	switch (wish) {
	case NM_TUI_WISH_NOTHING:
		break;
	case NM_TUI_WISH_QUIT:
		stop(screen);
		break;
	case NM_TUI_WISH_OPEN:
	case NM_TUI_WISH_CLOSE:
		open_subject(screen);
		break;
	case NM_TUI_WISH_CLASSES:
		take_histogram(screen);
		break;
	case NM_TUI_WISH_REPAINT:
		clearok(stdscr, TRUE);
		break;
	}
}

static void press(struct screen *screen, const MEVENT *event, enum nm_tui_button button, int times)
{
	for (; times > 0; times--)
		grant(screen, nm_tui_mouse(&screen->state, &screen->model, screen->canvas.columns,
					   event->y, event->x, button));
}

/* Clicks that came at one time ncurses makes into one event, whether it should or not. Releases are of no use. */
static void read_mouse(struct screen *screen)
{
	MEVENT event;

	while (getmouse(&event) == OK) {
		if (event.bstate & BUTTON4_PRESSED)
			press(screen, &event, NM_TUI_WHEEL_UP, 1);
		else if (event.bstate & BUTTON5_PRESSED)
			press(screen, &event, NM_TUI_WHEEL_DOWN, 1);
		else if (event.bstate & BUTTON1_TRIPLE_CLICKED)
			press(screen, &event, NM_TUI_CLICK, 3);
		else if (event.bstate & BUTTON1_DOUBLE_CLICKED)
			press(screen, &event, NM_TUI_CLICK, 2);
		else if (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))
			press(screen, &event, NM_TUI_CLICK, 1);
	}
}

static void on_keys(uv_poll_t *poll, int status, int events)
{
	struct screen *screen = poll->loop->data;
	wint_t key;
	int kind;

	screen->empty_reads++;
	while ((kind = wget_wch(stdscr, &key)) != ERR) {
		screen->empty_reads = 0;
		if (kind == KEY_CODE_YES && key == KEY_MOUSE)
			read_mouse(screen);
		else if (!(kind == KEY_CODE_YES && key == KEY_RESIZE))
			grant(screen, nm_tui_key(&screen->state, &screen->model,
						 kind == KEY_CODE_YES ? -(int)key : (int)key));
		if (uv_is_closing((uv_handle_t *)poll))
			return;
	}
	/* The terminal has gone: nobody will ever press a key. */
	if (status < 0 || (events & UV_DISCONNECT) || screen->empty_reads > EMPTY_READS_MAX) {
		stop(screen);
		return;
	}
	refresh_subject(screen);
	draw(screen);
}

/* ---- signals ------------------------------------------------------------------------------- */

static void resize(struct screen *screen)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	draw(screen);
}

/* Ctrl-Z: give the terminal back and stand still; the guard sees that and does so too. */
static void stand_still(struct screen *screen)
{
	if (!screen->guard->shared->is_drawing)
		return;
	endwin();
	nm_top_guard_drawing(screen->guard, false);
	raise(SIGSTOP);
}

static void go_on(struct screen *screen)
{
	if (!screen->guard->shared->is_drawing) {
		/* Where we stood still unasked, the guard gave the terminal back, and ncurses does not know. */
		if (!isendwin())
			endwin();
		reset_prog_mode();
	}
	/* The terminal may have another size, and shows whatever the shell wrote. */
	nm_top_guard_drawing(screen->guard, true);
	clearok(stdscr, TRUE);
	resize(screen);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct screen *screen = handle->loop->data;

	switch (number) {
	case SIGWINCH:
		resize(screen);
		break;
	case SIGTSTP:
		stand_still(screen);
		break;
	case SIGCONT:
		go_on(screen);
		break;
	default:
		stop(screen);
	}
}

/* Nobody guards the terminal any more: leave it as it should be, at once. A shell may have it already, so that this is
   not for ncurses to do. */
static void on_parent_end(uv_poll_t *poll, int status, int events)
{
	struct screen *screen = poll->loop->data;

	(void)status;
	(void)events;
	nm_top_guard_restore(screen->guard);
	_exit(NM_EXIT_FAILED);
}

/* ---- beginning and end --------------------------------------------------------------------- */

/* Poll a file that stays as it is: uv_poll_init() would make it non-blocking, for its other users too, of which the
   shell is one. */
static void init_poll(struct screen *screen, enum handle which, int fd, uv_poll_cb callback)
{
	const int flags = fcntl(fd, F_GETFL);

	if (uv_poll_init(&screen->loop, &screen->handles[which].poll, fd) != 0)
		return;
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags);
	screen->is_open[which] = true;
	uv_poll_start(&screen->handles[which].poll, UV_READABLE | UV_DISCONNECT, callback);
}

static void open_handles(struct screen *screen)
{
	uv_timer_init(&screen->loop, &screen->handles[HANDLE_TICK].timer);
	uv_timer_init(&screen->loop, &screen->handles[HANDLE_TRY].timer);
	screen->is_open[HANDLE_TICK] = screen->is_open[HANDLE_TRY] = true;
	init_poll(screen, HANDLE_KEYS, STDIN_FILENO, on_keys);
	init_poll(screen, HANDLE_PARENT, screen->guard->parent_fd, on_parent_end);
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		uv_signal_t *handle = &screen->handles[HANDLE_SIGNALS + i].signal;

		uv_signal_init(&screen->loop, handle);
		screen->is_open[HANDLE_SIGNALS + i] = true;
		uv_signal_start(handle, on_signal, signals[i]);
	}
	uv_timer_start(&screen->handles[HANDLE_TICK].timer, on_tick, 0,
		       screen->options->interval_ms);
}

/* Behind a part of a sequence, or an event of the mouse that is none, ncurses waits for more in spite of nodelay(). */
static void never_wait_for_keys(void)
{
	struct termios modes;

	if (tcgetattr(STDIN_FILENO, &modes) != 0)
		return;
	modes.c_cc[VMIN] = modes.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
	def_prog_mode();
}

static bool begin_drawing(struct screen *screen)
{
	setlocale(LC_CTYPE, "");
	set_escdelay(ESCAPE_MS);
	screen->terminal = newterm(NULL, stdout, stdin);
	if (!screen->terminal)
		return false;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	mouseinterval(0);
	mousemask(ALL_MOUSE_EVENTS, NULL);
	never_wait_for_keys();
	screen->canvas.window = stdscr;
	screen->canvas.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen->canvas.has_color = screen->options->has_color && has_colors();
	if (screen->canvas.has_color) {
		start_color();
		use_default_colors();
		nm_canvas_init_colors();
	}
	nm_top_guard_drawing(screen->guard, true);
	return true;
}

static void end_drawing(struct screen *screen)
{
	endwin();
	nm_top_guard_drawing(screen->guard, false);
	delscreen(screen->terminal);
}

static int run_loop(struct screen *screen)
{
	struct nm_error err;

	uv_loop_init(&screen->loop);
	screen->loop.data = screen;
	if (nm_top_watch_init(&screen->watch, &screen->loop, screen->options->only,
			      screen->options->only_count, &err) != NM_OK) {
		fprintf(stderr, "nodemem: %s\n", err.message);
		return NM_EXIT_FAILED;
	}
	if (!begin_drawing(screen)) {
		fputs("nodemem: cannot draw on this terminal (use --batch)\n", stderr);
		return NM_EXIT_FAILED;
	}
	open_handles(screen);
	draw(screen);
	while (screen->is_open[HANDLE_TICK] && !uv_is_closing(&screen->handles[HANDLE_TICK].handle))
		uv_run(&screen->loop, UV_RUN_ONCE);
	end_drawing(screen);
	nm_top_looks_finish(&screen->looks);
	nm_top_watch_done(&screen->watch);
	uv_run(&screen->loop, UV_RUN_DEFAULT);
	uv_loop_close(&screen->loop);
	forget_subject(screen);
	return NM_EXIT_OK;
}

int nm_top_screen(void *options, struct nm_top_guard *guard)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	int code;

	if (!screen)
		return NM_EXIT_FAILED;
	screen->options = options;
	screen->guard = guard;
	nm_tui_init(&screen->state);
	screen->state.order = screen->options->order;
	screen->model.interval_ms = screen->options->interval_ms;
	screen->model.is_looking = true;
	screen->looks.loop = &screen->loop;
	screen->looks.done = on_looked;
	screen->looks.context = screen;
	code = run_loop(screen);
	free(screen);
	return code;
}
