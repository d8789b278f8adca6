Feature: Two people sign in daytime what one may decide at night
  What an envelope holds is set aside for emergencies. Whoever is on call decides alone inside it; a third looks afterwards.

  Background:
    Given Ben is on call for money, with Carla as his backup
    And Carla and Ben have signed an envelope of $5,000.00, at most $2,000.00 for one request

  Scenario Outline: One person decides only inside the envelope
    Given <lane> needs <amount> of fares
    When <who> approves and releases it in one act
    Then the night's decision is <outcome>

    Examples:
      | lane         | amount    | who   | outcome |
      | an emergency | $1,600.00 | Ben   | made    |
      | an emergency | $1,600.00 | Carla | made    |
      | an emergency | $1,600.00 | Gus   | refused |
      | an emergency | $2,000.01 | Ben   | refused |
      | a family     | $1,600.00 | Ben   | refused |

  Scenario: A third person looks at it the next working day
    Given an emergency needs $1,600.00 of fares
    When Ben approves and releases it in one act
    Then neither Ben nor Carla may review it
    And Gus reviews it and agrees

  Scenario: What the review turns down is borne by the organisation, never by the family
    Given an emergency needs $1,600.00 of fares, and a funder's money is in the envelope
    When Ben approves and releases it in one act
    And it is paid, and Gus says no to it
    Then Gus has asked that our own money bear $1,600.00
    And once Ben has confirmed it nothing is left to be borne
