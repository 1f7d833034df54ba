/*
 * keys.c - what keys and the mouse do
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "view/tui/screens.h"

#define KEY(code) (-(code))
#define CTRL(c)	  ((c)&0x1f)
#define DELETE	  127

#define WHEEL_LINES 3

void nm_tui_init(struct nm_tui_state *state)
{
	memset(state, 0, sizeof(*state));
	state->order.key = NM_ROSTER_RSS;
}

/* ---- the selection ------------------------------------------------------------------------- */

static pid_t pid_at(const struct nm_tui_state *state, const struct nm_tui_model *model,
		    size_t index)
{
	return model->rows[state->lines[index].row].info->pid;
}

static void select_line(struct nm_tui_state *state, const struct nm_tui_model *model, size_t index)
{
	if (state->line_count == 0)
		return;
	state->index = index < state->line_count ? index : state->line_count - 1;
	state->selected = pid_at(state, model, state->index);
}

void nm_tui_arrange(struct nm_tui_state *state, const struct nm_tui_model *model)
{
	state->line_count =
		nm_roster_arrange(model->rows, model->count, &state->order, state->lines);
	for (size_t i = 0; i < state->line_count; i++)
		if (pid_at(state, model, i) == state->selected) {
			state->index = i;
			return;
		}
	if (state->line_count > 0)
		select_line(state, model, state->index);
	else
		state->index = 0;
}

static void move_by(struct nm_tui_state *state, const struct nm_tui_model *model, int lines)
{
	if (lines < 0 && (size_t)-lines > state->index)
		select_line(state, model, 0);
	else
		select_line(state, model, state->index + (size_t)lines);
}

/* Go to the next line with the text that is searched for, from `from` on and round. */
static void search(struct nm_tui_state *state, const struct nm_tui_model *model, size_t from)
{
	if (!state->search[0])
		return;
	for (size_t i = 0; i < state->line_count; i++) {
		const size_t index = (from + i) % state->line_count;

		if (nm_roster_matches(&model->rows[state->lines[index].row], state->search)) {
			select_line(state, model, index);
			return;
		}
	}
	snprintf(state->note, sizeof(state->note), "no row has that in it ");
}

static void sort_by(struct nm_tui_state *state, const struct nm_tui_model *model,
		    enum nm_roster_key key)
{
	/* The same once more turns it round. */
	state->order.is_inverted = state->order.key == key && !state->order.is_inverted;
	state->order.key = key;
	nm_tui_arrange(state, model);
}

/* ---- text that is typed -------------------------------------------------------------------- */

/* Change the text by a key; false when the key is for something else. */
static bool edit(char *text, size_t room, int key)
{
	size_t length = strlen(text);

	if (key == KEY(KEY_BACKSPACE) || key == DELETE || key == CTRL('H')) {
		if (length > 0)
			text[length - 1] = '\0';
		return true;
	}
	if (key == CTRL('U')) {
		text[0] = '\0';
		return true;
	}
	/* Names and commands are nearly always ASCII. */
	if (key < ' ' || key >= DELETE)
		return false;
	if (length + 1 < room) {
		text[length] = (char)key;
		text[length + 1] = '\0';
	}
	return true;
}

static bool is_enter(int key)
{
	return key == '\n' || key == '\r' || key == KEY(KEY_ENTER);
}

static void key_in_search(struct nm_tui_state *state, const struct nm_tui_model *model, int key)
{
	if (key == KEY(KEY_F(3)))
		search(state, model, state->index + 1);
	else if (edit(state->search, sizeof(state->search), key))
		search(state, model, state->index);
	else
		state->mode = NM_TUI_BROWSE;
}

static void key_in_filter(struct nm_tui_state *state, const struct nm_tui_model *model, int key)
{
	if (key == NM_TUI_ESCAPE)
		state->order.filter[0] = '\0';
	if (!edit(state->order.filter, sizeof(state->order.filter), key))
		state->mode = NM_TUI_BROWSE;
	nm_tui_arrange(state, model);
}

static void key_in_menu(struct nm_tui_state *state, const struct nm_tui_model *model, int key)
{
	if (key == KEY(KEY_UP) && state->menu_index > 0) {
		state->menu_index--;
	} else if (key == KEY(KEY_DOWN) && state->menu_index + 1 < NM_ROSTER_COUNT) {
		state->menu_index++;
	} else if (key != KEY(KEY_UP) && key != KEY(KEY_DOWN)) {
		state->mode = NM_TUI_BROWSE;
		if (is_enter(key) && state->order.key != (enum nm_roster_key)state->menu_index)
			sort_by(state, model, (enum nm_roster_key)state->menu_index);
	}
}

/* ---- the list ------------------------------------------------------------------------------ */

static bool key_that_sorts(struct nm_tui_state *state, const struct nm_tui_model *model, int key)
{
	static const char letters[NM_ROSTER_COUNT] = {
		[NM_ROSTER_PID] = 'P',	   [NM_ROSTER_NAME] = 'N', [NM_ROSTER_RSS] = 'M',
		[NM_ROSTER_HEAP] = 'H',	   [NM_ROSTER_FULL] = 'L', [NM_ROSTER_TIME] = 'T',
		[NM_ROSTER_BUFFERS] = 'B', [NM_ROSTER_AGE] = 'A',
	};

	for (int i = 0; i < NM_ROSTER_COUNT; i++) {
		if (key != letters[i])
			continue;
		state->order.is_inverted = false;
		state->order.key = (enum nm_roster_key)i;
		nm_tui_arrange(state, model);
		return true;
	}
	return false;
}

static bool key_that_moves(struct nm_tui_state *state, const struct nm_tui_model *model, int key)
{
	switch (key) {
	case KEY(KEY_UP):
	case 'k':
		move_by(state, model, -1);
		return true;
	case KEY(KEY_DOWN):
	case 'j':
		move_by(state, model, 1);
		return true;
	case KEY(KEY_PPAGE):
		move_by(state, model, -state->list_rows);
		return true;
	case KEY(KEY_NPAGE):
		move_by(state, model, state->list_rows);
		return true;
	case KEY(KEY_HOME):
		select_line(state, model, 0);
		return true;
	case KEY(KEY_END):
		select_line(state, model, state->line_count);
		return true;
	default:
		return false;
	}
}

static enum nm_tui_wish open_selected(struct nm_tui_state *state)
{
	if (state->line_count == 0)
		return NM_TUI_WISH_NOTHING;
	state->opened = state->selected;
	state->page = NM_TUI_OVERVIEW;
	state->scroll = 0;
	return NM_TUI_WISH_OPEN;
}

static enum nm_tui_wish key_in_list(struct nm_tui_state *state, const struct nm_tui_model *model,
				    int key)
{
	if (key_that_moves(state, model, key) || key_that_sorts(state, model, key))
		return NM_TUI_WISH_NOTHING;
	if (is_enter(key))
		return open_selected(state);
	switch (key) {
	case 'q':
		return NM_TUI_WISH_QUIT;
	case '/':
	case KEY(KEY_F(3)):
		state->mode = NM_TUI_SEARCH;
		state->search[0] = '\0';
		break;
	case '\\':
	case KEY(KEY_F(4)):
		state->mode = NM_TUI_FILTER;
		break;
	case 't':
	case KEY(KEY_F(5)):
		state->order.is_tree = !state->order.is_tree;
		nm_tui_arrange(state, model);
		break;
	case '<':
	case '>':
	case KEY(KEY_F(6)):
		state->mode = NM_TUI_SORT;
		state->menu_index = state->order.key;
		break;
	case 'I':
		state->order.is_inverted = !state->order.is_inverted;
		nm_tui_arrange(state, model);
		break;
	default:
		break;
	}
	return NM_TUI_WISH_NOTHING;
}

/* ---- a process, and the help --------------------------------------------------------------- */

static void turn_page(struct nm_tui_state *state, int by)
{
	const int count = NM_TUI_HISTORY - NM_TUI_OVERVIEW + 1;

	state->page = (enum nm_tui_page)(NM_TUI_OVERVIEW +
					 ((int)state->page - NM_TUI_OVERVIEW + count + by) % count);
	state->scroll = 0;
}

static bool key_that_scrolls(struct nm_tui_state *state, int key)
{
	switch (key) {
	case KEY(KEY_UP):
	case 'k':
		state->scroll--;
		break;
	case KEY(KEY_DOWN):
	case 'j':
		state->scroll++;
		break;
	case KEY(KEY_PPAGE):
		state->scroll -= state->content_rows;
		break;
	case KEY(KEY_NPAGE):
	case ' ':
		state->scroll += state->content_rows;
		break;
	case KEY(KEY_HOME):
		state->scroll = 0;
		break;
	case KEY(KEY_END):
		state->scroll = state->content_lines;
		break;
	default:
		return false;
	}
	return true;
}

static bool key_of_history(struct nm_tui_state *state, int key)
{
	const int by = key == KEY(KEY_UP) || key == 'k' ? NM_TRAIL_COUNT - 1 : 1;

	if (key == 'z') {
		state->fits_curve = !state->fits_curve;
		return true;
	}
	if (key != KEY(KEY_UP) && key != KEY(KEY_DOWN) && key != 'k' && key != 'j')
		return false;
	state->number = (enum nm_trail_number)(((int)state->number + by) % NM_TRAIL_COUNT);
	return true;
}

static void ask(struct nm_tui_state *state, const struct nm_tui_subject *subject)
{
	state->page = NM_TUI_CLASSES;
	state->scroll = 0;
	if (subject->has_ended)
		snprintf(state->note, sizeof(state->note), "the process has ended");
	else if (subject->row && subject->row->problem)
		snprintf(state->note, sizeof(state->note), "the process cannot be read");
	else if (subject->is_taking)
		snprintf(state->note, sizeof(state->note), "one is being taken");
	else
		state->mode = NM_TUI_ASK;
}

static enum nm_tui_wish go_back(struct nm_tui_state *state)
{
	state->page = NM_TUI_LIST;
	state->opened = 0;
	return NM_TUI_WISH_CLOSE;
}

static enum nm_tui_wish key_in_process(struct nm_tui_state *state, const struct nm_tui_model *model,
				       int key)
{
	if ((state->page == NM_TUI_HISTORY && key_of_history(state, key)) ||
	    key_that_scrolls(state, key))
		return NM_TUI_WISH_NOTHING;
	if (key >= '1' && key <= '4') {
		state->page = (enum nm_tui_page)(NM_TUI_OVERVIEW + key - '1');
		state->scroll = 0;
		return NM_TUI_WISH_NOTHING;
	}
	switch (key) {
	case 'q':
	case NM_TUI_ESCAPE:
		return go_back(state);
	case '\t':
	case KEY(KEY_RIGHT):
		turn_page(state, 1);
		break;
	case KEY(KEY_BTAB):
	case KEY(KEY_LEFT):
		turn_page(state, -1);
		break;
	case 'h':
		ask(state, &model->subject);
		break;
	default:
		break;
	}
	return NM_TUI_WISH_NOTHING;
}

static enum nm_tui_wish key_in_help(struct nm_tui_state *state, int key)
{
	if (key_that_scrolls(state, key))
		return NM_TUI_WISH_NOTHING;
	state->page = state->before_help;
	state->scroll = 0;
	return NM_TUI_WISH_NOTHING;
}

static void show_help(struct nm_tui_state *state)
{
	state->before_help = state->page;
	state->page = NM_TUI_HELP;
	state->scroll = 0;
}

/* A mode takes all keys; true when there is one. */
static bool key_in_mode(struct nm_tui_state *state, const struct nm_tui_model *model, int key,
			enum nm_tui_wish *wish)
{
	switch (state->mode) {
	case NM_TUI_BROWSE:
		return false;
	case NM_TUI_SEARCH:
		key_in_search(state, model, key);
		break;
	case NM_TUI_FILTER:
		key_in_filter(state, model, key);
		break;
	case NM_TUI_SORT:
		key_in_menu(state, model, key);
		break;
	case NM_TUI_ASK:
		state->mode = NM_TUI_BROWSE;
		if (key == 'y' || key == 'Y')
			*wish = NM_TUI_WISH_CLASSES;
		break;
	}
	return true;
}

enum nm_tui_wish nm_tui_key(struct nm_tui_state *state, const struct nm_tui_model *model, int key)
{
	enum nm_tui_wish wish = NM_TUI_WISH_NOTHING;

	state->note[0] = '\0';
	if (key == KEY(KEY_F(10)))
		return NM_TUI_WISH_QUIT;
	if (key == CTRL('L'))
		return NM_TUI_WISH_REPAINT;
	if (key_in_mode(state, model, key, &wish))
		return wish;
	if (state->page == NM_TUI_HELP)
		return key_in_help(state, key);
	if (key == '?' || key == KEY(KEY_F(1)) || (key == 'h' && state->page == NM_TUI_LIST)) {
		show_help(state);
		return wish;
	}
	return state->page == NM_TUI_LIST ? key_in_list(state, model, key)
					  : key_in_process(state, model, key);
}

/* ---- the mouse ----------------------------------------------------------------------------- */

static enum nm_tui_wish click_list(struct nm_tui_state *state, const struct nm_tui_model *model,
				   int columns, int y, int x)
{
	enum nm_roster_key key;
	size_t index;

	if (y == NM_LIST_HEADING && nm_list_key_at(columns, x, &key)) {
		sort_by(state, model, key);
		return NM_TUI_WISH_NOTHING;
	}
	if (y <= NM_LIST_HEADING || y > NM_LIST_HEADING + state->list_rows)
		return NM_TUI_WISH_NOTHING;
	index = state->top + (size_t)(y - NM_LIST_HEADING - 1);
	if (index >= state->line_count)
		return NM_TUI_WISH_NOTHING;
	/* The second click on a process looks at it. */
	if (pid_at(state, model, index) == state->selected)
		return open_selected(state);
	select_line(state, model, index);
	return NM_TUI_WISH_NOTHING;
}

enum nm_tui_wish nm_tui_mouse(struct nm_tui_state *state, const struct nm_tui_model *model,
			      int columns, int y, int x, enum nm_tui_button button)
{
	enum nm_tui_page page;

	if (state->mode != NM_TUI_BROWSE)
		return NM_TUI_WISH_NOTHING;
	if (button != NM_TUI_CLICK) {
		const int by = button == NM_TUI_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES;

		if (state->page == NM_TUI_LIST)
			move_by(state, model, by);
		else
			state->scroll += by;
		return NM_TUI_WISH_NOTHING;
	}
	if (state->page == NM_TUI_LIST)
		return click_list(state, model, columns, y, x);
	if (state->page != NM_TUI_HELP && y == NM_PAGE_TABS && nm_page_tab_at(x, &page)) {
		state->page = page;
		state->scroll = 0;
	}
	return NM_TUI_WISH_NOTHING;
}
