/** Ioctls of VFIO and vhost. */

import type { IoctlGroup } from './rows.js';

const vfio = ['linux/vfio.h'];
const argsz = 'argsz';

export const virtualDevices: readonly IoctlGroup[] = [
  {
    headers: vfio,
    source: 'Documentation/driver-api/vfio.rst; drivers/vfio/container.c, drivers/vfio/group.c',
    ioctls: {
      VFIO_GET_API_VERSION: 'nothing',
      VFIO_CHECK_EXTENSION: 'value',
      VFIO_SET_IOMMU: 'value',
      VFIO_GROUP_SET_CONTAINER: 'write int',
      VFIO_GROUP_UNSET_CONTAINER: 'nothing',
      VFIO_DEVICE_RESET: 'nothing',
      VFIO_DEVICE_GET_GFX_DMABUF: 'write unsigned int',
      VFIO_IOMMU_ENABLE: 'nothing',
      VFIO_IOMMU_DISABLE: 'nothing',
    },
  },
  {
    headers: vfio,
    source: 'drivers/vfio/group.c: vfio_group_ioctl_get_device_fd reads a text of at most one page',
    ioctls: { VFIO_GROUP_GET_DEVICE_FD: 'write char[4096]' },
  },
  {
    headers: vfio,
    source: 'drivers/vfio/group.c, drivers/vfio/pci/vfio_pci_core.c: they access at most argsz bytes',
    sizedBy: argsz,
    ioctls: {
      VFIO_GROUP_GET_STATUS: 'readwrite struct vfio_group_status',
      VFIO_DEVICE_GET_INFO: 'readwrite struct vfio_device_info',
      VFIO_DEVICE_GET_REGION_INFO: 'readwrite struct vfio_region_info',
      VFIO_DEVICE_GET_IRQ_INFO: 'readwrite struct vfio_irq_info',
      VFIO_DEVICE_SET_IRQS: 'write struct vfio_irq_set',
      VFIO_DEVICE_GET_PCI_HOT_RESET_INFO: 'readwrite struct vfio_pci_hot_reset_info',
      VFIO_DEVICE_PCI_HOT_RESET: 'write struct vfio_pci_hot_reset',
      VFIO_DEVICE_QUERY_GFX_PLANE: 'readwrite struct vfio_device_gfx_plane_info',
      VFIO_DEVICE_IOEVENTFD: 'write struct vfio_device_ioeventfd',
    },
  },
  {
    headers: vfio,
    source: 'drivers/vfio/vfio_main.c: vfio_ioctl_device_feature; some features have addresses in their data',
    sizedBy: argsz,
    followsPointers: true,
    ioctls: { VFIO_DEVICE_FEATURE: 'readwrite struct vfio_device_feature' },
  },
  {
    headers: vfio,
    source: 'drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_get_info, vfio_iommu_type1_map_dma',
    sizedBy: argsz,
    ioctls: {
      VFIO_IOMMU_GET_INFO: 'readwrite struct vfio_iommu_type1_info',
      VFIO_IOMMU_MAP_DMA: 'write struct vfio_iommu_type1_dma_map',
    },
  },
  {
    headers: vfio,
    source: 'drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_unmap_dma; a bitmap after the struct has an address',
    sizedBy: argsz,
    tail: false,
    ioctls: { VFIO_IOMMU_UNMAP_DMA: 'readwrite struct vfio_iommu_type1_dma_unmap' },
  },
  {
    headers: vfio,
    source: 'drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_dirty_pages; the data has an address',
    sizedBy: argsz,
    followsPointers: true,
    ioctls: { VFIO_IOMMU_DIRTY_PAGES: 'readwrite struct vfio_iommu_type1_dirty_bitmap' },
  },
  {
    headers: vfio,
    source: 'drivers/vfio/vfio_iommu_spapr_tce.c: tce_iommu_ioctl',
    sizedBy: argsz,
    ioctls: {
      VFIO_IOMMU_SPAPR_TCE_GET_INFO: 'readwrite struct vfio_iommu_spapr_tce_info',
      VFIO_EEH_PE_OP: 'readwrite struct vfio_eeh_pe_op',
      VFIO_IOMMU_SPAPR_REGISTER_MEMORY: 'write struct vfio_iommu_spapr_register_memory',
      VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY: 'write struct vfio_iommu_spapr_register_memory',
      VFIO_IOMMU_SPAPR_TCE_CREATE: 'readwrite struct vfio_iommu_spapr_tce_create',
      VFIO_IOMMU_SPAPR_TCE_REMOVE: 'write struct vfio_iommu_spapr_tce_remove',
    },
  },
  {
    headers: ['linux/vhost.h'],
    source: 'drivers/vhost/vhost.c: vhost_dev_ioctl; the integer is the address of the log',
    followsPointers: true,
    ioctls: { VHOST_SET_LOG_BASE: 'write unsigned long long' },
  },
];
