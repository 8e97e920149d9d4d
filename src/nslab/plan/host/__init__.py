"""What a lab has in the machine itself, beside a way out: names of its nodes, ports, links.

`ports` joins bridges of the lab to links of the machine, `names` names nodes in its /run/netns;
`leave` takes both back, from labs that end and from those that have. `hosting` is the seam to `up`.
"""
