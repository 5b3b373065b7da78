//! The system calls that no program in a sandbox may make.
//!
//! Namespaces, users and mounts hold a sandbox; this takes away the parts of the kernel by which others have got out of
//! such, and which coding agents do not need: everything else is allowed.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};

use super::Trouble;

/// Refused whatever their arguments.
const REFUSED: [i64; 51] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_ioperm,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
    libc::SYS_fanotify_mark,
];

/// Like open_tree(2), since Linux 6.15.
const OPEN_TREE_ATTR: i64 = 467;

/// Those of programs whose addresses have 32 bits on machines of 64 have this bit, and are otherwise the same ones.
const X32: u32 = 0x4000_0000;

/// Families of sockets that are let through; the network namespace decides what they reach.
const FAMILIES: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// Flags of clone(2) for new namespaces.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// The bits of a file's mode that lend its owner's rights to whoever runs it.
const LENDING: [u64; 2] = [libc::S_ISUID as u64, libc::S_ISGID as u64];

/// What refuses them, made ahead because it takes a while.
pub(super) struct Filters([BpfProgram; 4]);

impl Filters {
    pub(super) fn new() -> Result<Self, Trouble> {
        filters().map(Self).map_err(|error| broken(&error.to_string()))
    }

    /// Refuses them to this process and all that come from it, for good.
    pub(super) fn apply(&self) -> Result<(), Trouble> {
        for program in &self.0 {
            apply_filter(program).map_err(|error| broken(&error.to_string()))?;
        }
        Ok(())
    }
}

fn broken(error: &str) -> Trouble {
    Trouble {
        step: format!("restrict the sandbox's system calls: {error}"),
        errno: 0,
    }
}

fn filters() -> Result<[BpfProgram; 4], seccompiler::BackendError> {
    let whole = |calls: &[i64]| calls.iter().map(|call| (*call, Vec::new())).collect::<BTreeMap<_, _>>();
    let mut refused = whole(&REFUSED);
    refused.insert(
        libc::SYS_clone,
        any_of(0, NAMESPACES.iter().map(|flag| i64::from(*flag).cast_unsigned()))?,
    );
    for (call, mode) in [
        (libc::SYS_chmod, 1),
        (libc::SYS_fchmod, 1),
        (libc::SYS_fchmodat, 2),
        (libc::SYS_creat, 1),
        (libc::SYS_mknod, 1),
        (libc::SYS_mknodat, 2),
    ] {
        refused.insert(call, any_of(mode, LENDING.into_iter())?);
    }
    for (call, flags) in [(libc::SYS_open, 1), (libc::SYS_openat, 2)] {
        // A file that has no name yet is made as well.
        let made = [libc::O_CREAT, libc::O_TMPFILE].map(|made| u64::from(made.unsigned_abs()));
        let creates = |(made, bit)| {
            let conditions = [
                condition(flags, SeccompCmpOp::MaskedEq(made), made),
                condition(flags + 1, SeccompCmpOp::MaskedEq(bit), bit),
            ];
            SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
        };
        let each = made.into_iter().flat_map(|made| LENDING.map(|bit| (made, bit)));
        refused.insert(call, each.map(creates).collect::<Result<_, _>>()?);
    }
    // TIOCSTI types into a terminal as if a person did.
    let ioctls = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| condition(1, SeccompCmpOp::Eq, request));
    refused.insert(libc::SYS_ioctl, ioctls.into_iter().map(one).collect::<Result<_, _>>()?);
    // One without time or files ends a process, and the first one of the sandbox may have the program's user.
    let limits_of_others = [(0, SeccompCmpArgLen::Dword), (2, SeccompCmpArgLen::Qword)]
        .map(|(argument, length)| SeccompCondition::new(argument, length, SeccompCmpOp::Ne, 0));
    let limits_of_others = SeccompRule::new(limits_of_others.into_iter().collect::<Result<_, _>>()?)?;
    refused.insert(libc::SYS_prlimit64, vec![limits_of_others]);
    let foreign = FAMILIES
        .iter()
        .map(|family| condition(0, SeccompCmpOp::Ne, i64::from(*family).cast_unsigned()));
    let foreign = vec![SeccompRule::new(foreign.collect::<Result<_, _>>()?)?];
    let sockets = BTreeMap::from([(libc::SYS_socket, foreign.clone()), (libc::SYS_socketpair, foreign)]);
    // What they are asked for lies in memory, where a filter cannot see it; without them, programs take clone and openat.
    // The newer chmod goes by way of the older one in the same manner.
    let unknown = whole(&[libc::SYS_clone3, libc::SYS_fchmodat2, libc::SYS_openat2]);
    Ok([
        filter(refused, libc::EPERM)?,
        filter(sockets, libc::EAFNOSUPPORT)?,
        filter(unknown, libc::ENOSYS)?,
        other_numbers(),
    ])
}

/// Calls by other numbers do not exist; to the filters above they would be others.
fn other_numbers() -> BpfProgram {
    let step = |code: u32, jt, jf, k| sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt,
        jf,
        k,
    };
    let unknown = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    vec![
        // The number is the first of what a filter is given.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, unknown),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let answer = SeccompAction::Errno(error.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, answer, arch)?.try_into()
}

/// Matches when an argument has one of these bits.
fn any_of(argument: u8, bits: impl Iterator<Item = u64>) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    bits.map(|bit| one(condition(argument, SeccompCmpOp::MaskedEq(bit), bit)))
        .collect()
}

fn one(
    condition: Result<SeccompCondition, seccompiler::BackendError>,
) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![condition?])
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}
