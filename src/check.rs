//! The pipeline, one function over files and settings: the command line, the editor and every test call it.
