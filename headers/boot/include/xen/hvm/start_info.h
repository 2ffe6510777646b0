/*
 * The start info of the PVH boot protocol, written for this project from the protocol's description:
 * xen/include/public/arch-x86/hvm/start_info.h and docs/misc/pvh.pandoc of Xen.
 */
#ifndef KVM_UAPI_XEN_HVM_START_INFO_H
#define KVM_UAPI_XEN_HVM_START_INFO_H

#include <linux/types.h>

/* The member `magic`. */
#define XEN_HVM_START_MAGIC_VALUE 0x336ec578

/* The member `type` of the memory map. The numbers are those of ACPI. */
#define XEN_HVM_MEMMAP_TYPE_RAM 1
#define XEN_HVM_MEMMAP_TYPE_RESERVED 2
#define XEN_HVM_MEMMAP_TYPE_ACPI 3
#define XEN_HVM_MEMMAP_TYPE_NVS 4
#define XEN_HVM_MEMMAP_TYPE_UNUSABLE 5
#define XEN_HVM_MEMMAP_TYPE_DISABLED 6
#define XEN_HVM_MEMMAP_TYPE_PMEM 7

/* ebx has the physical address of this struct. An address of 0 means that there is no such data. */
struct hvm_start_info {
	__u32 magic;
	__u32 version;
	__u32 flags;
	__u32 nr_modules;
	__u64 modlist_paddr;	/* the modules */
	__u64 cmdline_paddr;	/* text that ends with a NUL */
	__u64 rsdp_paddr;	/* the root table of ACPI */
	/* The members from here on are in version 1 and later. */
	__u64 memmap_paddr;
	__u32 memmap_entries;
	__u32 reserved;
};

struct hvm_modlist_entry {
	__u64 paddr;
	__u64 size;
	__u64 cmdline_paddr;
	__u64 reserved;
};

struct hvm_memmap_table_entry {
	__u64 addr;
	__u64 size;
	__u32 type;
	__u32 reserved;
};

#endif
