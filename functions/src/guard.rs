//! Ends the processes of functions when `asl` itself is killed and can end nothing any more.
//!
//! Most runtimes end by themselves then, as their connection breaks. One that is in the middle of a call does not, and may
//! go on for ever.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nix::unistd::Pid;

/// Is told which process groups there are. Its input ends with `asl`, in whatever way that ends, and then it ends those that
/// are left.
const SCRIPT: &str = r#"
while read -r word group; do
    case $word in
        +) groups="$groups $group" ;;
        -)
            left=
            for other in $groups; do
                [ "$other" = "$group" ] || left="$left $other"
            done
            groups=$left
            ;;
    esac
done
for group in $groups; do
    kill -s KILL -- "-$group"
done
"#;

/// A process that outlives `asl` by a moment; it ends with the last process that it watches.
#[derive(Debug)]
pub(super) struct Guard(Option<(Child, Mutex<ChildStdin>)>);

impl Guard {
    /// The guard of all functions; started when there is none. Without a shell, nothing is guarded.
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Guard>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let guard = Arc::new(Self::start());
            *shared = Arc::downgrade(&guard);
            guard
        })
    }

    fn start() -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C at the terminal is not for it.
        let started = command.process_group(0).spawn().ok();
        Self(started.and_then(|mut child| {
            let stdin = child.stdin.take()?;
            Some((child, Mutex::new(stdin)))
        }))
    }

    /// From now on, this process group is to end with `asl`.
    pub(super) fn add(&self, group: Pid) {
        self.tell(&format!("+ {group}\n"));
    }

    /// This process group has ended.
    pub(super) fn remove(&self, group: Pid) {
        self.tell(&format!("- {group}\n"));
    }

    fn tell(&self, word: &str) {
        if let Some((_, stdin)) = &self.0 {
            // When somebody has ended the guard, there is none.
            let _ = stdin.lock().unwrap_or_else(PoisonError::into_inner).write_all(word.as_bytes());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((mut child, stdin)) = self.0.take() {
            drop(stdin);
            let _ = child.wait();
        }
    }
}
