/**
 * Records with a union of which one member holds at a time, by the value of another member. Which constant goes with
 * which member of the union is what the comment before that member says; only what no comment says is a row here.
 */

export interface SelectedUnion {
  /** The header that defines the record, as spelled in an `#include`. */
  readonly header: string;
  /** The tag of the record. */
  readonly record: string;
  /** The member that says what holds. */
  readonly by: string;
  /** What its values are called: the constants begin with it. */
  readonly prefix: string;
  /** What such a record is seen as, in one word, and what the value of `by` is called there. */
  readonly view: string;
  readonly property: string;
}

export const selectedUnions: readonly SelectedUnion[] = [
  {
    header: 'linux/kvm.h',
    record: 'kvm_run',
    by: 'exit_reason',
    prefix: 'KVM_EXIT_',
    view: 'exit',
    property: 'reason',
  },
];

export interface StatedCase {
  /** The tag of the record. */
  readonly record: string;
  /** The value, by name. */
  readonly value: string;
  /** The member that holds, or one of them; null where none does. */
  readonly member: string | null;
  /** Who says so: a section of a kernel document, or a source file and function. */
  readonly source: string;
}

const record = 'kvm_run';
const runStructure = 'Documentation/virt/kvm/api.rst 5';

export const statedCases: readonly StatedCase[] = [
  {
    record,
    value: 'KVM_EXIT_INTERNAL_ERROR',
    member: 'emulation_failure',
    source:
      'Documentation/virt/kvm/api.rst 7.27; prepare_emulation_failure_exit in arch/x86/kvm/x86.c: lies over internal ' +
      'where suberror is KVM_INTERNAL_ERROR_EMULATION',
  },
  {
    record,
    value: 'KVM_EXIT_NMI',
    member: 'hw',
    source:
      'kvmppc_handle_exit_hv in arch/powerpc/kvm/book3s_hv.c, the only one that sets it: the interrupt in hw, and in ' +
      'flags, which always holds, what became of it',
  },
  { record, value: 'KVM_EXIT_HLT', member: null, source: '__kvm_emulate_halt in arch/x86/kvm/x86.c' },
  {
    record,
    value: 'KVM_EXIT_IRQ_WINDOW_OPEN',
    member: null,
    source: `vcpu_run in arch/x86/kvm/x86.c; ${runStructure}: ready_for_interrupt_injection and if_flag always hold`,
  },
  { record, value: 'KVM_EXIT_SHUTDOWN', member: null, source: 'handle_triple_fault in arch/x86/kvm/vmx/vmx.c' },
  { record, value: 'KVM_EXIT_INTR', member: null, source: 'kvm_handle_signal_exit in include/linux/kvm_host.h' },
  {
    record,
    value: 'KVM_EXIT_SET_TPR',
    member: null,
    source: `cr8_write_interception in arch/x86/kvm/svm/svm.c; ${runStructure}: the new value is in cr8, which always holds`,
  },
  {
    record,
    value: 'KVM_EXIT_WATCHDOG',
    member: null,
    source: 'kvmppc_core_check_requests in arch/powerpc/kvm/booke.c',
  },
  {
    record,
    value: 'KVM_EXIT_DIRTY_RING_FULL',
    member: null,
    source: 'kvm_dirty_ring_check_request in virt/kvm/dirty_ring.c',
  },
  { record, value: 'KVM_EXIT_AP_RESET_HOLD', member: null, source: 'kvm_emulate_ap_reset_hold in arch/x86/kvm/x86.c' },
  {
    record,
    value: 'KVM_EXIT_X86_BUS_LOCK',
    member: null,
    source: 'Documentation/virt/kvm/api.rst 7.22: KVM_RUN_X86_BUS_LOCK is set in flags, which always holds',
  },
];
