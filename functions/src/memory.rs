//! How much memory a process takes.

/// The memory of a process that is its own, in MB: not the files that it has mapped, which the system can take back.
/// None where the system does not tell, and for a process that has ended.
pub(super) fn own_mb(process: i32) -> Option<u64> {
    // Only Linux has this.
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kb: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kb / 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told() {
        let own = i32::try_from(std::process::id()).unwrap();
        let before = own_mb(own).unwrap();
        let taken = vec![1_u8; 64 * 1024 * 1024];
        assert!(own_mb(own).unwrap() >= before + 60, "{} MB", taken.len());
        assert_eq!(own_mb(-1), None);
    }
}
