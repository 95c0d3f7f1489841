//! One file per command; with the editor the only module that touches disk, clock, environment and terminal.
