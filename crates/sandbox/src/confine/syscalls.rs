//! The system calls that no program in a sandbox may make.
//!
//! Namespaces, users and mounts hold a sandbox; this takes away the parts of the kernel by which others have got out of
//! such, and which coding agents do not need: everything else is allowed.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use super::Trouble;

/// Refused whatever their arguments.
const REFUSED: [i64; 49] = [
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

/// Refuses them to this process and all that come from it, for good.
pub(super) fn restrict() -> Result<(), Trouble> {
    let broken = |error: String| Trouble {
        step: format!("restrict the sandbox's system calls: {error}"),
        errno: 0,
    };
    for program in filters().map_err(|error| broken(error.to_string()))? {
        apply_filter(&program).map_err(|error| broken(error.to_string()))?;
    }
    Ok(())
}

fn filters() -> Result<[BpfProgram; 3], seccompiler::BackendError> {
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
        let creates = |bit| {
            let made = u64::from(libc::O_CREAT.unsigned_abs());
            let conditions = [
                condition(flags, SeccompCmpOp::MaskedEq(made), made),
                condition(flags + 1, SeccompCmpOp::MaskedEq(bit), bit),
            ];
            SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
        };
        refused.insert(call, LENDING.into_iter().map(creates).collect::<Result<_, _>>()?);
    }
    // TIOCSTI types into a terminal as if a person did.
    let ioctls = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| condition(1, SeccompCmpOp::Eq, request));
    refused.insert(libc::SYS_ioctl, ioctls.into_iter().map(one).collect::<Result<_, _>>()?);
    let foreign = FAMILIES
        .iter()
        .map(|family| condition(0, SeccompCmpOp::Ne, i64::from(*family).cast_unsigned()));
    let sockets = BTreeMap::from([(
        libc::SYS_socket,
        vec![SeccompRule::new(foreign.collect::<Result<_, _>>()?)?],
    )]);
    // Its flags lie in memory, where a filter cannot see them; without it, programs take clone.
    // The newer chmod goes by way of the older one in the same manner.
    let unknown = whole(&[libc::SYS_clone3, libc::SYS_fchmodat2]);
    Ok([
        filter(refused, libc::EPERM)?,
        filter(sockets, libc::EAFNOSUPPORT)?,
        filter(unknown, libc::ENOSYS)?,
    ])
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
