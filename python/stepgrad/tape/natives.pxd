# The C twin of natives.py. Each compiled module has its own counter: one alone may count.
cdef extern from *:
    """
    static Py_ssize_t stepgrad_number = 0; /* the GIL guards it */
    static inline Py_ssize_t stepgrad_next_number(void) { return ++stepgrad_number; }

    static inline int stepgrad_alone(PyObject* x) { /* one reference, and no weak ones */
      if (Py_REFCNT(x) != 1) return 0;
      Py_ssize_t at = Py_TYPE(x)->tp_weaklistoffset;
      return at <= 0 || !*(PyObject**)((char*)x + at);
    }
    """
    enum: COMPILED "1"
    Py_ssize_t next_number "stepgrad_next_number"()
    bint alone "stepgrad_alone"(object)
