/** Ioctls of framebuffers, sound and digital television. */

import type { IoctlGroup } from './rows.js';

export const media: readonly IoctlGroup[] = [
  {
    headers: ['linux/fb.h'],
    source: 'drivers/video/fbdev/core/fb_chrdev.c, formerly fbmem.c: do_fb_ioctl',
    ioctls: {
      FBIOGET_VSCREENINFO: 'read struct fb_var_screeninfo',
      FBIOPUT_VSCREENINFO: 'readwrite struct fb_var_screeninfo',
      FBIOGET_FSCREENINFO: 'read struct fb_fix_screeninfo',
      FBIOGETCMAP: 'readwrite struct fb_cmap',
      FBIOPUTCMAP: 'write struct fb_cmap',
      FBIOPAN_DISPLAY: 'readwrite struct fb_var_screeninfo',
      FBIOGET_CON2FBMAP: 'readwrite struct fb_con2fbmap',
      FBIOPUT_CON2FBMAP: 'write struct fb_con2fbmap',
      FBIOBLANK: 'value',
    },
  },
  {
    headers: ['sound/asound.h'],
    source: 'sound/core/pcm_native.c: snd_pcm_common_ioctl; the argument itself is the value',
    ioctls: { SNDRV_PCM_IOCTL_PAUSE: 'value', SNDRV_PCM_IOCTL_LINK: 'value' },
  },
  {
    headers: ['linux/dvb/frontend.h'],
    source: 'drivers/media/dvb-core/dvb_frontend.c: dvb_frontend_handle_ioctl',
    ioctls: {
      FE_DISEQC_RESET_OVERLOAD: 'nothing',
      FE_DISEQC_SEND_BURST: 'value',
      FE_SET_TONE: 'value',
      FE_SET_VOLTAGE: 'value',
      FE_ENABLE_HIGH_LNB_VOLTAGE: 'value',
      FE_SET_FRONTEND_TUNE_MODE: 'value',
      FE_DISHNETWORK_SEND_LEGACY_CMD: 'value',
    },
  },
  {
    headers: ['linux/dvb/dmx.h'],
    source: 'drivers/media/dvb-core/dmxdev.c: dvb_demux_do_ioctl',
    ioctls: { DMX_START: 'nothing', DMX_STOP: 'nothing', DMX_SET_BUFFER_SIZE: 'value' },
  },
  {
    headers: ['linux/dvb/net.h'],
    source: 'drivers/media/dvb-core/dvb_net.c: dvb_net_do_ioctl',
    ioctls: { NET_REMOVE_IF: 'value' },
  },
];
