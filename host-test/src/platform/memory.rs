//! What was freed, given back to the operating system.
//!
//! The C library keeps freed memory for each of its arenas, of which every thread has one. Connections are opened on one thread and
//! closed on another, so what a thousand of them had for a moment is left in small pieces in all arenas, and it took minutes until
//! those could serve the next ones from what they had: a server grew by half without holding anything more.

/// Gives back what nobody uses. Takes milliseconds, in which those who allocate may have to wait.
pub(super) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function has no precondition; it takes the allocator's own locks and changes nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
