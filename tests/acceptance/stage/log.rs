//! The log of the functions, at the level that they have by themselves, kept for each thread so that a case can be searched alone.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How many bytes any thread has logged.
static HEARD: AtomicU64 = AtomicU64::new(0);

/// What is logged from now on is kept.
pub fn keep() {
    let subscriber = platform::telemetry::subscriber(|_| None, || Lines);
    tracing::subscriber::set_global_default(subscriber).unwrap();
}

/// What this thread has logged since it was last asked.
pub fn taken() -> String {
    let lines = LINES.take();
    String::from_utf8_lossy(&lines).into_owned()
}

/// How many bytes were logged so far, on all threads.
pub fn heard() -> u64 {
    HEARD.load(Ordering::Relaxed)
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        LINES.with_borrow_mut(|it| it.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_functions_log_by_themselves_is_kept_until_it_is_taken() {
        keep();
        tracing::info!(target: "rotate", "a step is taken");
        tracing::debug!(target: "rotate", "a detail");
        let taken = taken();
        assert!(taken.contains("a step is taken") && !taken.contains("a detail"), "{taken}");
        assert_eq!(super::taken(), "");
        assert!(0 < heard());
    }
}
