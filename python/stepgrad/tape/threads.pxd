# The C twin of threads.py: Python numbers its threads itself, and asking for the number takes a nanosecond.
cdef extern from *:
    """
    static inline unsigned long long stepgrad_thread_number(void) { return PyThreadState_GetID(PyThreadState_Get()); }
    """
    unsigned long long number "stepgrad_thread_number"()
