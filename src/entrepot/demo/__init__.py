"""Simulated people, apps and providers that drive the real path, so that every page can be seen alive.

rhythm    when calls are made: growth, weeks, days            people     who makes them, of what, through which app
doubles   the providers: speeds, prices, failures, outages    call       one request at the app's front door
clock     time that each call carries with it                 place      the directory, its mark, and what may go into it
fill      from an empty directory to a history
"""
