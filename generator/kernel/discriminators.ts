/**
 * Records with a union in which one member is valid at a time. The value of another member selects it. The comment
 * before a member of the union names its constant. Only facts that no comment states have a row here.
 */

export interface SelectedUnion {
  /** The header that defines the record, spelled as in an `#include`. */
  readonly header: string;
  /** The tag of the record. */
  readonly record: string;
  /** The member whose value selects the union's member. */
  readonly by: string;
  /** The prefix of the constants for its values. */
  readonly prefix: string;
  /** The name of the view of such a record, and the property of the view that has the value of `by`. */
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
  /** The name of the constant. */
  readonly value: string;
  /** The valid member, or one of several. Null if no member is valid. */
  readonly member: string | null;
  /** The source of this row: a section of a kernel document, or a source file and function. */
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
      'Documentation/virt/kvm/api.rst 7.27; prepare_emulation_failure_exit in arch/x86/kvm/x86.c: shares the bytes of internal ' +
      'if suberror is KVM_INTERNAL_ERROR_EMULATION',
  },
  {
    record,
    value: 'KVM_EXIT_NMI',
    member: 'hw',
    source:
      'kvmppc_handle_exit_hv in arch/powerpc/kvm/book3s_hv.c, the only function that sets it: hw has the interrupt, and flags, which is ' +
      'always valid, has its result',
  },
  { record, value: 'KVM_EXIT_HLT', member: null, source: '__kvm_emulate_halt in arch/x86/kvm/x86.c' },
  {
    record,
    value: 'KVM_EXIT_IRQ_WINDOW_OPEN',
    member: null,
    source: `vcpu_run in arch/x86/kvm/x86.c; ${runStructure}: ready_for_interrupt_injection and if_flag are always valid`,
  },
  { record, value: 'KVM_EXIT_SHUTDOWN', member: null, source: 'handle_triple_fault in arch/x86/kvm/vmx/vmx.c' },
  { record, value: 'KVM_EXIT_INTR', member: null, source: 'kvm_handle_signal_exit in include/linux/kvm_host.h' },
  {
    record,
    value: 'KVM_EXIT_SET_TPR',
    member: null,
    source: `cr8_write_interception in arch/x86/kvm/svm/svm.c; ${runStructure}: cr8, which is always valid, has the new value`,
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
    source: 'Documentation/virt/kvm/api.rst 7.22: flags, which is always valid, has KVM_RUN_X86_BUS_LOCK',
  },
];
