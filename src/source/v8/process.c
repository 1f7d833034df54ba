#include "source/v8/process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "source/v8/layout_file.h"

/* node::per_process::v8_platform (src/node_v8_platform-inl.h): its last member is the
   NodePlatform*, in which the map of isolates follows a mutex (src/node_platform.h). */
static nm_addr find_platform(const struct nm_v8_process *process)
{
	struct nm_elf_symbol symbol;
	nm_addr platform;

	if (!nm_elf_symbol(process->program.elf, "_ZN4node11per_process11v8_platformE", &symbol) ||
	    symbol.size < 16 || symbol.size > 256 ||
	    !nm_reader_word(process->reader,
			    symbol.addr + process->program.load_bias + symbol.size - 8,
			    &platform) ||
	    !nm_addr_is_plausible(platform))
		return 0;
	return platform + 0x30;
}

int nm_v8_process_open(pid_t pid, int pid_dir, struct nm_v8_process *out, struct nm_error *err)
{
	struct nm_v8_program *program = &out->program;
	int status;

	memset(out, 0, sizeof(*out));
	out->pid = pid;
	out->pid_dir = pid_dir;
	nm_maps_init(&out->maps);
	nm_pagemap_open(&out->pagemap, pid_dir, (uint64_t)sysconf(_SC_PAGESIZE));
	status = nm_v8_program_open(pid_dir, pid, program, err);
	if (status != NM_OK)
		return status;
	status = nm_reader_open_live(pid, &out->reader, err);
	if (status != NM_OK)
		return status;
	out->image_first = nm_elf_first(program->elf) + program->load_bias;
	out->image_end = nm_elf_end(program->elf) + program->load_bias;
	status = nm_v8_program_versions(program, out->reader, err);
	if (status == NM_OK)
		out->platform = find_platform(out);
	return status;
}

int nm_v8_process_open_image(const struct nm_v8_process *process, const struct nm_image *image,
			     struct nm_v8_process *out, struct nm_error *err)
{
	*out = *process;
	out->reader = NULL;
	out->maps = *nm_image_maps(image);
	out->is_still = true;
	/* What is not in the image cannot be read; there is nothing to be asked before. */
	out->pagemap = (struct nm_pagemap){.fd = -1, .page_size = process->pagemap.page_size};
	return nm_reader_open_image(image, &out->reader, err);
}

void nm_v8_process_close_image(struct nm_v8_process *still)
{
	nm_reader_close(still->reader);
	still->reader = NULL;
}

int nm_v8_process_open_core(pid_t pid, const struct nm_image *image, const char *path,
			    const char *mapped, struct nm_v8_process *out, struct nm_error *err)
{
	int status;

	memset(out, 0, sizeof(*out));
	out->pid = pid;
	out->pid_dir = -1;
	out->is_still = true;
	nm_maps_init(&out->maps);
	out->pagemap = (struct nm_pagemap){.fd = -1, .page_size = (uint64_t)sysconf(_SC_PAGESIZE)};
	status = nm_v8_program_open_file(path, mapped, nm_image_maps(image), &out->program, err);
	if (status == NM_OK)
		status = nm_reader_open_image(image, &out->reader, err);
	if (status != NM_OK)
		return status;
	out->image_first = nm_elf_first(out->program.elf) + out->program.load_bias;
	out->image_end = nm_elf_end(out->program.elf) + out->program.load_bias;
	status = nm_v8_program_versions(&out->program, out->reader, err);
	if (status == NM_OK)
		out->platform = find_platform(out);
	return status;
}

int nm_v8_process_choose_layout(struct nm_v8_process *process, const char *who,
				struct nm_error *err)
{
	const struct nm_v8_program *program = &process->program;
	const struct nm_v8_version oldest = nm_v8_oldest();
	const struct nm_v8_layout *row = nm_v8_layout_find(&program->version);
	const char *node = program->node[0] ? program->node : "Node (version unknown)";

	/* Who calibrated this very binary did so for a reason. */
	if (nm_v8_layout_load(nm_elf_build_id(program->elf), &process->layout))
		return NM_OK;
	if (row) {
		process->layout = *row;
		return nm_v8_layout_complete(&process->layout, program->elf, err);
	}
	if (nm_v8_version_compare(&program->version, &oldest) < 0)
		return nm_error_set(
			err, NM_E_UNSUPPORTED,
			"%s runs %s with V8 %s, which is too old: %s is the oldest that "
			"nodemem reads (update Node.js)",
			who, node, program->v8, nm_v8_layouts[0].name);
	return nm_error_set(err, NM_E_UNSUPPORTED,
			    "%s runs %s with V8 %s, which is in no table (learn it with: nodemem "
			    "calibrate %s)",
			    who, node, program->v8, program->path);
}

int nm_v8_process_read_maps(struct nm_v8_process *process, struct nm_error *err)
{
	int status = process->is_still ? 0 : nm_maps_read(process->pid_dir, &process->maps);

	if (status == 0)
		return NM_OK;
	if (status == -ESRCH)
		return nm_error_set(err, NM_E_GONE, "process %d ended while it was being read",
				    (int)process->pid);
	return nm_error_set_errno(err, status == -EACCES || status == -EPERM ? NM_E_PERM : NM_E_IO,
				  -status, "cannot read the mappings of process %d",
				  (int)process->pid);
}

void nm_v8_process_close(struct nm_v8_process *process)
{
	nm_v8_program_close(&process->program);
	nm_pagemap_close(&process->pagemap);
	nm_maps_done(&process->maps);
	nm_reader_close(process->reader);
	process->reader = NULL;
}
