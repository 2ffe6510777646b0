/** Members that are addresses of the process, in the structs of drivers. The row of a struct names the file of the kernel. */

import type { AddressRow } from './address-row.js';

/** The addresses that one file of the kernel follows. */
interface DriverAddresses {
  /** The header that defines the records, spelled as in an `#include`. */
  readonly header: string;
  /** The source of the rows: a source file of the kernel, possibly with a function. */
  readonly source: string;
  /**
   * Maps each member, after its record, to the member that holds the number of bytes. Null if nothing in the record states
   * it, or if the kernel follows addresses in that memory too.
   */
  readonly members: Readonly<Record<string, string | null>>;
}

const drivers: readonly DriverAddresses[] = [
  {
    header: 'linux/acrn.h',
    source: 'drivers/virt/acrn/ioreq.c: acrn_ioreq_init; drivers/virt/acrn/mm.c: acrn_vm_ram_map',
    members: { 'acrn_vm_creation.ioreq_buf': null, 'acrn_vm_memmap.vma_base': 'len' },
  },
  {
    header: 'linux/android/binder.h',
    source: 'drivers/android/binder.c: binder_ioctl_write_read; the commands in the buffer have addresses too',
    members: { 'binder_write_read.write_buffer': null, 'binder_write_read.read_buffer': null },
  },
  {
    header: 'linux/cxl_mem.h',
    source: 'drivers/cxl/core/mbox.c: cxl_send_cmd, handle_mailbox_cmd_from_user',
    members: { 'cxl_send_command.in.payload': 'size', 'cxl_send_command.out.payload': 'size' },
  },
  {
    header: 'linux/firewire-cdev.h',
    source: 'drivers/firewire/core-cdev.c: u64_to_uptr and its callers',
    members: {
      'fw_cdev_get_info.rom': 'rom_length',
      'fw_cdev_get_info.bus_reset': null,
      'fw_cdev_send_request.data': 'length',
      'fw_cdev_send_response.data': 'length',
      'fw_cdev_add_descriptor.data': null,
      'fw_cdev_queue_iso.packets': 'size',
      'fw_cdev_send_stream_packet.data': 'length',
    },
  },
  {
    header: 'linux/fsl_hypervisor.h',
    source: 'drivers/virt/fsl_hypervisor.c: ioctl_memcpy, ioctl_dtprop',
    members: {
      'fsl_hv_ioctl_memcpy.local_vaddr': 'count',
      'fsl_hv_ioctl_prop.path': null,
      'fsl_hv_ioctl_prop.propname': null,
      'fsl_hv_ioctl_prop.propval': null,
    },
  },
  {
    header: 'linux/fsverity.h',
    source: 'fs/verity/enable.c: enable_verity; fs/verity/read_metadata.c: fsverity_ioctl_read_metadata',
    members: {
      'fsverity_enable_arg.salt_ptr': 'salt_size',
      'fsverity_enable_arg.sig_ptr': 'sig_size',
      'fsverity_read_metadata_arg.buf_ptr': 'length',
    },
  },
  {
    header: 'linux/genwqe/genwqe_card.h',
    source: 'drivers/misc/genwqe/card_dev.c: genwqe_pin_mem, do_flash_update, ddcb_cmd_fixups',
    members: {
      'genwqe_mem.addr': 'size',
      'genwqe_bitstream.data_addr': 'size',
      'genwqe_ddcb_cmd.next_addr': null,
      'genwqe_ddcb_cmd.ddata_addr': null,
    },
  },
  {
    header: 'linux/input.h',
    source: 'drivers/input/evdev.c: evdev_do_ioctl',
    members: { 'input_mask.codes_ptr': 'codes_size' },
  },
  {
    header: 'linux/media.h',
    source: 'drivers/media/mc/mc-device.c: media_device_get_topology',
    members: {
      'media_v2_topology.ptr_entities': null,
      'media_v2_topology.ptr_interfaces': null,
      'media_v2_topology.ptr_pads': null,
      'media_v2_topology.ptr_links': null,
    },
  },
  {
    header: 'linux/mmc/ioctl.h',
    source: 'drivers/mmc/core/block.c: mmc_blk_ioctl_copy_from_user, which multiplies blksz by blocks',
    members: { 'mmc_ioc_cmd.data_ptr': null },
  },
  {
    header: 'linux/nitro_enclaves.h',
    source: 'drivers/virt/nitro_enclaves/ne_misc_dev.c: ne_set_user_memory_region_ioctl',
    members: { 'ne_user_memory_region.userspace_addr': 'memory_size' },
  },
  {
    header: 'linux/nvme_ioctl.h',
    source:
      'drivers/nvme/host/ioctl.c: nvme_submit_io, nvme_user_cmd, nvme_user_cmd64; a vectored command has addresses in memory',
    members: {
      'nvme_user_io.addr': null,
      'nvme_user_io.metadata': null,
      'nvme_passthru_cmd.addr': 'data_len',
      'nvme_passthru_cmd.metadata': 'metadata_len',
      'nvme_passthru_cmd64.addr': null,
      'nvme_passthru_cmd64.metadata': 'metadata_len',
    },
  },
  {
    header: 'linux/psp-sev.h',
    source: 'drivers/crypto/ccp/sev-dev.c: sev_ioctl; the structs of the commands have addresses too',
    members: { 'sev_issue_cmd.data': null },
  },
  {
    header: 'linux/rio_mport_cdev.h',
    source: 'drivers/rapidio/devices/rio_mport_cdev.c: rio_mport_maint_rd, rio_mport_transfer_ioctl',
    members: {
      'rio_mport_maint_io.buffer': 'length',
      'rio_transfer_io.loc_addr': 'length',
      'rio_transaction.block': null,
    },
  },
  {
    header: 'linux/sed-opal.h',
    source: 'block/sed-opal.c: write_shadow_mbr, generic_table_write_data, generic_table_read_data',
    members: { 'opal_shadow_mbr.data': 'size', 'opal_read_write_table.data': 'size' },
  },
  {
    header: 'linux/sev-guest.h',
    source: 'drivers/virt/coco/sev-guest/sev-guest.c: get_report, get_derived_key, get_ext_report',
    members: { 'snp_guest_request_ioctl.req_data': null, 'snp_guest_request_ioctl.resp_data': null },
  },
  {
    header: 'linux/surface_aggregator/cdev.h',
    source: 'drivers/platform/surface/surface_aggregator_cdev.c: ssam_cdev_request',
    members: { 'ssam_cdev_request.payload.data': 'length', 'ssam_cdev_request.response.data': 'length' },
  },
  {
    header: 'linux/tee.h',
    source: 'drivers/tee/tee_core.c: tee_ioctl_open_session, tee_ioctl_invoke, tee_ioctl_shm_register',
    members: { 'tee_ioctl_buf_data.buf_ptr': null, 'tee_ioctl_shm_register_data.addr': 'length' },
  },
  {
    header: 'linux/userfaultfd.h',
    source:
      'fs/userfaultfd.c: userfaultfd_register, userfaultfd_copy, userfaultfd_move; they read or replace the pages',
    members: {
      'uffdio_range.start': 'len',
      'uffdio_copy.dst': 'len',
      'uffdio_copy.src': 'len',
      'uffdio_move.dst': 'len',
      'uffdio_move.src': 'len',
    },
  },
  {
    header: 'linux/vduse.h',
    source: 'drivers/vdpa/vdpa_user/vduse_dev.c: vduse_dev_reg_umem',
    members: { 'vduse_iova_umem.uaddr': 'size' },
  },
  {
    header: 'misc/habanalabs.h',
    source:
      'drivers/misc/habanalabs/common/habanalabs_ioctl.c: hl_info_ioctl, hl_debug_ioctl; common/memory.c: mem_ioctl',
    members: {
      'hl_info_args.return_pointer': 'return_size',
      'hl_debug_args.input_ptr': null,
      'hl_debug_args.output_ptr': null,
      'hl_mem_in.map_host.host_virt_addr': null,
    },
  },
  {
    header: 'mtd/mtd-abi.h',
    source: 'drivers/mtd/mtdchar.c: mtdchar_writeoob, mtdchar_write_ioctl, mtdchar_read_ioctl',
    members: {
      'mtd_oob_buf64.usr_ptr': 'length',
      'mtd_write_req.usr_data': 'len',
      'mtd_write_req.usr_oob': 'ooblen',
      'mtd_read_req.usr_data': 'len',
      'mtd_read_req.usr_oob': 'ooblen',
    },
  },
  {
    header: 'rdma/rdma_user_ioctl_cmds.h',
    source: 'drivers/infiniband/core/uverbs_ioctl.c: uverbs_process_attr; some objects have addresses too',
    members: { 'ib_uverbs_attr.data': null },
  },
  {
    header: 'sound/asound.h',
    source: 'sound/core/control.c: snd_ctl_elem_init_enum_names',
    members: { 'snd_ctl_elem_info.value.enumerated.names_ptr': 'names_length' },
  },
];

/** The rows of all drivers, in the form of `addresses.ts`. */
export const driverAddressRows: readonly AddressRow[] = drivers.flatMap(({ header, source, members }) =>
  Object.entries(members).map(([name, countedBy]) => {
    const dot = name.indexOf('.');
    const row = { headers: [header], record: name.slice(0, dot), member: name.slice(dot + 1), source };
    return countedBy === null ? row : { ...row, countedBy, elementSize: 1 };
  }),
);
