//! What a process may do: its capabilities and user, its limits, and where it may write.

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    Scope,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, Gid, Uid, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits, set_no_new_privs,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::{Step, Trouble};
use crate::reach::{Limits, Mount};

/// The newest Landlock that is made use of; an older kernel does what it can.
const LANDLOCK: ABI = ABI::V6;

/// Gives up all capabilities for good, also those that a program could bring, and becomes another user if one is given.
pub(super) fn drop_all(user: Option<u32>) -> Result<(), Trouble> {
    let step = "give up the rights of the sandbox's maker";
    for capability in CapabilitySet::all().iter() {
        // The kernel may know fewer than we do.
        match remove_capability_from_bounding_set(capability) {
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(error).step(step),
        }
    }
    let locked = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    set_capabilities_secure_bits(locked).step(step)?;
    if let Some(user) = user {
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
        // Where the engine is no root, its groups cannot be given up; no file that they open is in the view.
        match set_thread_groups(&[]) {
            Ok(()) | Err(rustix::io::Errno::PERM) => {}
            Err(error) => return Err(error).step("give up the engine's groups"),
        }
        set_thread_res_gid(gid, gid, gid).step("take the sandbox's group")?;
        set_thread_res_uid(uid, uid, uid).step("take the sandbox's user")?;
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    set_capabilities(None, sets).step(step)?;
    clear_ambient_capability_set().step(step)?;
    set_no_new_privs(true).step(step)
}

/// Sets the limits that the kernel holds for each process.
pub(super) fn limit(limits: &Limits) -> Result<(), Trouble> {
    let wanted = [
        (Resource::Nproc, limits.processes.map(u64::from)),
        (Resource::Nofile, limits.open_files),
        (Resource::Fsize, limits.file_size),
        (Resource::Cpu, limits.cpu_seconds),
        // A core would hold the secrets that the program was given.
        (Resource::Core, Some(0)),
    ];
    for (resource, most) in wanted {
        let Some(most) = most else { continue };
        let most = getrlimit(resource).maximum.map_or(most, |given| given.min(most));
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit).step("set the limits of the sandbox")?;
    }
    Ok(())
}

/// Lets nothing be written but where the view says so, whatever becomes of the mounts; and no signal or abstract socket
/// reach anything outside.
pub(super) fn restrict_files(view: &[Mount]) -> Result<(), Trouble> {
    let writable = view.iter().filter_map(|mount| match mount {
        Mount::Writable { at, .. } | Mount::Overlay { at, .. } | Mount::Memory { at, .. } => Some(at.as_path()),
        _ => None,
    });
    let writable = writable.chain(["/dev", "/proc"].map(std::path::Path::new));
    let restricted = || -> Result<(), landlock::RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()?;
        if let Ok(root) = PathFd::new("/") {
            let read = AccessFs::from_read(LANDLOCK) | AccessFs::IoctlDev;
            rules = rules.add_rule(PathBeneath::new(root, read))?;
        }
        for path in writable {
            if let Ok(opened) = PathFd::new(path) {
                rules = rules.add_rule(PathBeneath::new(opened, AccessFs::from_all(LANDLOCK)))?;
            }
        }
        rules.restrict_self().map(drop)
    };
    restricted().map_err(|error| Trouble {
        step: format!("restrict the sandbox's files: {error}"),
        errno: 0,
    })
}
