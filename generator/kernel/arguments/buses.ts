/** Ioctls of buses and small character devices. */

import type { IoctlGroup } from './rows.js';

export const buses: readonly IoctlGroup[] = [
  {
    headers: ['linux/i2c-dev.h'],
    source: 'Documentation/i2c/dev-interface.rst; drivers/i2c/i2c-dev.c: i2cdev_ioctl',
    ioctls: {
      I2C_RETRIES: 'value',
      I2C_TIMEOUT: 'value',
      I2C_SLAVE: 'value',
      I2C_SLAVE_FORCE: 'value',
      I2C_TENBIT: 'value',
      I2C_FUNCS: 'read unsigned long',
      I2C_RDWR: 'readwrite struct i2c_rdwr_ioctl_data',
      I2C_PEC: 'value',
      I2C_SMBUS: 'readwrite struct i2c_smbus_ioctl_data',
    },
  },
  {
    headers: ['linux/lp.h'],
    source: 'drivers/char/lp.c: lp_do_ioctl',
    ioctls: {
      LPCHAR: 'value',
      LPTIME: 'value',
      LPABORT: 'value',
      LPABORTOPEN: 'value',
      LPCAREFUL: 'value',
      LPWAIT: 'value',
      LPGETIRQ: 'read int',
      LPGETSTATUS: 'read int',
      LPRESET: 'nothing',
      LPGETFLAGS: 'read int',
    },
  },
  {
    headers: ['linux/rtc.h'],
    source: 'drivers/rtc/dev.c: rtc_dev_ioctl',
    ioctls: { RTC_IRQP_SET: 'value', RTC_EPOCH_SET: 'value' },
  },
  {
    headers: ['linux/usbdevice_fs.h'],
    source: 'drivers/usb/core/devio.c: usbdev_do_ioctl',
    ioctls: {
      USBDEVFS_DISCARDURB: 'value',
      USBDEVFS_RESET: 'nothing',
      USBDEVFS_GET_SPEED: 'nothing',
    },
  },
  {
    headers: ['linux/uinput.h'],
    source: 'drivers/input/misc/uinput.c: uinput_ioctl_handler',
    ioctls: {
      UI_DEV_CREATE: 'nothing',
      UI_DEV_DESTROY: 'nothing',
      UI_SET_EVBIT: 'value',
      UI_SET_KEYBIT: 'value',
      UI_SET_RELBIT: 'value',
      UI_SET_ABSBIT: 'value',
      UI_SET_MSCBIT: 'value',
      UI_SET_LEDBIT: 'value',
      UI_SET_SNDBIT: 'value',
      UI_SET_FFBIT: 'value',
      UI_SET_SWBIT: 'value',
      UI_SET_PROPBIT: 'value',
    },
  },
  {
    headers: ['linux/input.h'],
    source: 'drivers/input/evdev.c: evdev_do_ioctl',
    ioctls: { EVIOCRMFF: 'value', EVIOCGRAB: 'value', EVIOCREVOKE: 'value' },
  },
  {
    headers: ['linux/perf_event.h'],
    source: 'kernel/events/core.c: _perf_ioctl',
    ioctls: {
      PERF_EVENT_IOC_ENABLE: 'value',
      PERF_EVENT_IOC_DISABLE: 'value',
      PERF_EVENT_IOC_REFRESH: 'value',
      PERF_EVENT_IOC_RESET: 'value',
      PERF_EVENT_IOC_SET_OUTPUT: 'value',
      PERF_EVENT_IOC_ID: 'read unsigned long long',
      PERF_EVENT_IOC_SET_BPF: 'value',
      PERF_EVENT_IOC_PAUSE_OUTPUT: 'value',
    },
  },
  {
    headers: ['linux/kcov.h'],
    source: 'Documentation/dev-tools/kcov.rst; kernel/kcov.c: kcov_ioctl',
    ioctls: { KCOV_INIT_TRACE: 'value', KCOV_ENABLE: 'value', KCOV_DISABLE: 'nothing' },
  },
  {
    headers: ['linux/random.h'],
    source: 'drivers/char/random.c: random_ioctl',
    ioctls: {
      RNDZAPENTCNT: 'nothing',
      RNDCLEARPOOL: 'nothing',
      RNDRESEEDCRNG: 'nothing',
    },
  },
];
