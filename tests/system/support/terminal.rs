//! A command on a terminal of its own, as a person sees it.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::pty::{Winsize, openpty};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command that runs on a terminal. Dropping it kills it.
pub(crate) struct Terminal {
    process: Child,
    keys: File,
    written: Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl Terminal {
    /// Starts a command on a terminal with so many rows and columns.
    pub(crate) fn start(mut command: Command, rows: u16, columns: u16) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(&size, None).expect("a terminal");
        let end = || Stdio::from(terminal.slave.try_clone().expect("one more handle"));
        command.stdin(end()).stdout(end()).stderr(end());
        let process = command.env("TERM", "xterm-256color").spawn().expect("asl starts");
        // The terminal ends when the last handle of its other end is closed, also those in the command.
        drop((command, terminal.slave));
        let mut master = File::from(terminal.master);
        let keys = master.try_clone().expect("one more handle");
        let (tell, written) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Linux tells the end as an error.
            while let Ok(count @ 1..) = master.read(&mut buffer) {
                if tell.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let [rows, columns] = [rows, columns].map(|size| NonZero::new(size).expect("a terminal has some size"));
        Self { process, keys, written, screen: vt100::Parser::new(rows, columns, 10_000) }
    }

    /// Types.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// What stands on the screen.
    pub(crate) fn shown(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until all of these stand on the screen.
    #[track_caller]
    pub(crate) fn until(&mut self, texts: &[&str]) {
        self.until_it(&format!("{texts:?}"), |shown| texts.iter().all(|text| shown.contains(text)));
    }

    /// Waits until this is gone from the screen.
    #[track_caller]
    pub(crate) fn until_without(&mut self, text: &str) {
        self.until_it(&format!("end of {text:?}"), |shown| !shown.contains(text));
    }

    #[track_caller]
    fn until_it(&mut self, wanted: &str, is_it: impl Fn(&str) -> bool) {
        while !is_it(&self.shown()) {
            match self.written.recv_timeout(PATIENCE) {
                Ok(written) => self.screen.process(&written),
                Err(error) => panic!("{error}: no {wanted} on the screen:\n{}", self.shown()),
            }
        }
    }

    /// Waits for the end of the command: its exit code, and the screen that it leaves.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        while let Ok(written) = self.written.recv_timeout(PATIENCE) {
            self.screen.process(&written);
        }
        let code = self.process.wait().expect("asl ends").code();
        assert!(!self.screen.screen().alternate_screen(), "the screen of before is back");
        (code, self.shown())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
