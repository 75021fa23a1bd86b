"""Space domain awareness: observe, assess, avoid; facts about behaviour, advice to an operator.

Protective only: what is told of another object is what it did, never what it wants, and every
action proposed is on the operator's own satellite or on information.
"""
